"""Orders as an order service would put them on a topic: seeded, and the same to the byte everywhere.

An order has a customer, addresses, items, payments, fulfilment, totals and extensions. Only the extensions
grow with `depth`: partners wrap their own data round each other's, a level each, down to 17 levels. Which
keys and values repeat, and how many of each there are, is counted in `docs/generator.md` and held by a test,
since every later figure about pooling rests on it.

Random numbers come from `random.Random` by `random` and `getrandbits` alone: both keep their sequence from
one Python version to the next, which `choice` or `shuffle` do not promise.
"""

import random
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from stream_pool.errors import MisuseError
from stream_pool.incident import vocabulary as words

DEPTH_MIN: Final = 6
DEPTH_MAX: Final = 17
START_MS: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z: orders need a date that is the same in every run

Headers = tuple[tuple[str, bytes], ...]

_ORDER = (
    '{"orderId":"%s","schemaVersion":"3.2","status":"%s","channel":"%s","currency":"%s","createdAt":"%s",'
    '"updatedAt":"%s","cancelledAt":null,"customer":%s,%s"addresses":%s,"items":[%s],"payments":[%s],%s"fulfilment":%s,'
    '"totals":%s,"extensions":%s}'
)
_CUSTOMER = (
    '{"id":"%s","segment":"%s","name":{"given":"%s","family":"%s"},"email":"%s","phone":"%s","locale":"%s",'
    '"loyalty":{"tier":"%s","points":%d}}'
)
_ADDRESS = '{"street":"%s","number":%d,"postcode":"%s","city":"%s","country":"%s","geo":{"lat":%s,"lon":%s}}'
_ITEM = (
    '{"line":%d,"sku":"%s","barcode":"%s","name":"%s","quantity":%d,"price":{"amount":%s,"currency":"%s"},'
    '"tax":{"percent":%d,"amount":%s},"attributes":{"colour":"%s","size":"%s","gift":%s}}'
)
_PAYMENT = (
    '{"id":"%s","method":"%s","status":"%s","amount":%s,"currency":"%s","authorisedAt":"%s",'
    '"card":{"brand":"%s","last4":"%s"}}'
)
_FULFILMENT = (
    '{"warehouse":"%s","carrier":"%s","service":"%s","promisedAt":"%s",'
    '"parcels":[{"id":"%s","tracking":"%s","weightGrams":%d}]}'
)
_TOTALS = '{"items":%s,"shipping":%s,"tax":%s,"grand":%s}'
_GIFT = '"gift":{"message":"%s","wrapping":true},'
_PROMOTION = '"promotion":{"code":"%s","discount":%s},'

_EXTENSIONS: Final = (
    '"version":"2.4","source":"%s"',
    '"partner":{"id":"%s","reference":"%s"',
    '"contract":{"level":"%s","revision":%d',
    '"terms":{"incoterm":"%s","days":%d',
    '"settlement":{"scheme":"%s","batch":"%s"',
    '"routing":{"lane":"%s","legs":%d',
    '"hub":{"code":"%s","dock":%d',
    '"customs":{"procedure":"%s","declaration":"%s"',
    '"tariff":{"hsCode":"%s","percent":%d',
    '"origin":{"region":"%s","lot":"%s"',
    '"audit":{"level":"%s","score":%d',
    '"trail":{"actor":"%s","entry":"%s"',
    '"decision":{"policy":"%s","version":%d',
    '"outcome":{"result":"%s","confidence":0.%03d',
    '"model":{"name":"%s","features":%d',
    '"signal":{"name":"%s","weight":0.%03d',
)
"""Levels 2 to 17; each opens inside the one before it."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order, ready for a topic. The key is the customer's id, so a customer's orders stay in sequence."""

    key: bytes
    value: bytes
    headers: Headers


class OrderGenerator:
    """An endless, repeatable sequence of orders: the same seed and the same calls give the same bytes.

    An order is a function of the seed, of how many came before it, and of the arguments of the calls so far.
    Customers and products follow a skew (the product of two uniform numbers), so that a few are met often.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(f"stream-pool orders {seed}")
        self._orders = 0
        self._flood_keys = 0

    def order(self, depth: int = DEPTH_MAX, unique_keys: int = 0, at_ms: int = START_MS) -> Order:
        """The next order, `depth` levels deep (the root is 1), created at `at_ms` (ms since the epoch).

        `unique_keys` members with keys that no other order of this generator has go into `extensions.labels`.
        Raises `MisuseError` where the depth is not within 6 to 17 or the number of keys is negative.
        """
        if not DEPTH_MIN <= depth <= DEPTH_MAX:
            raise MisuseError(f"an order can be {DEPTH_MIN} to {DEPTH_MAX} levels deep, not {depth}")
        if unique_keys < 0:
            raise MisuseError(f"unique_keys is a count of members, not {unique_keys}")
        self._orders += 1
        draw = self._random.random
        bits = self._random.getrandbits
        customer_index = int(draw() * draw() * words.CUSTOMERS)
        customer = words.customer(customer_index)
        lines, items_cents, tax_cents = self._items(customer.currency)
        shipping_cents = (0, 490, 990)[int(draw() * 3)]
        created = iso_utc(at_ms)
        optional = draw()
        gift = _GIFT % _pick(words.GREETINGS, draw()) if optional < 0.1 else ""
        promotion = ""
        if 0.05 < optional < 0.35:
            promotion = _PROMOTION % (_pick(words.PROMOTIONS, draw()), money(items_cents // 10))
        grand_cents = items_cents + shipping_cents + tax_cents
        value = _ORDER % (
            f"ord-{self._orders:08}-{bits(32):08x}",
            _pick(words.STATUSES, draw()),
            _pick(words.CHANNELS, draw()),
            customer.currency,
            created,
            iso_utc(at_ms + bits(12)),
            _CUSTOMER % (*customer[:8], bits(14)),
            gift,
            _addresses(customer_index, ships_elsewhere=draw() < 0.25),
            lines,
            self._payment(grand_cents, customer.currency, created),
            promotion,
            self._fulfilment(at_ms),
            _TOTALS % (money(items_cents), money(shipping_cents), money(tax_cents), money(grand_cents)),
            self._extensions(depth, unique_keys),
        )
        return Order(customer.id.encode(), value.encode(), self._headers())

    def _items(self, currency: str) -> tuple[str, int, int]:
        draw = self._random.random
        lines, items_cents, tax_cents = [], 0, 0
        for line in range(1, 2 + int(draw() * 3)):
            product = words.product(int(draw() * draw() * words.SKUS))
            quantity = 1 + int(draw() * 4)
            amount_cents = product.price_cents * quantity
            line_tax_cents = amount_cents * product.tax_percent // 100
            items_cents += amount_cents
            tax_cents += line_tax_cents
            lines.append(
                _ITEM
                % (
                    line,
                    product.sku,
                    product.barcode,
                    product.name,
                    quantity,
                    money(product.price_cents),
                    currency,
                    product.tax_percent,
                    money(line_tax_cents),
                    _pick(words.COLOURS, draw()),
                    _pick(words.SIZES, draw()),
                    "true" if draw() < 0.1 else "false",
                )
            )
        return ",".join(lines), items_cents, tax_cents

    def _payment(self, amount_cents: int, currency: str, created: str) -> str:
        draw = self._random.random
        return _PAYMENT % (
            f"pay-{self._random.getrandbits(64):016x}",
            _pick(words.METHODS, draw()),
            _pick(words.PAYMENT_STATUSES, draw()),
            money(amount_cents),
            currency,
            created,
            _pick(words.CARD_BRANDS, draw()),
            f"{int(draw() * 10_000):04}",
        )

    def _fulfilment(self, at_ms: int) -> str:
        draw = self._random.random
        return _FULFILMENT % (
            _pick(words.WAREHOUSES, draw()),
            _pick(words.CARRIERS, draw()),
            _pick(words.SERVICES, draw()),
            iso_utc(at_ms + 86_400_000 + int(draw() * 200_000_000)),
            f"par-{self._random.getrandbits(48):012x}",
            f"{self._random.getrandbits(60):018}",
            120 + int(draw() * 9_000),
        )

    def _extensions(self, depth: int, unique_keys: int) -> str:
        draw = self._random.random
        bits = self._random.getrandbits
        values = (
            _pick(words.TENANTS, draw()),
            _pick(words.PARTNERS, draw()),
            f"{bits(48):012x}",
            _pick(words.CONTRACTS, draw()),
            bits(4),
            _pick(words.INCOTERMS, draw()),
            bits(5),
            _pick(words.SCHEMES, draw()),
            f"{bits(40):010x}",
            _pick(words.LANES, draw()),
            bits(3),
            _pick(words.HUBS, draw()),
            bits(6),
            _pick(words.PROCEDURES, draw()),
            f"{bits(64):016x}",
            _pick(words.HS_CODES, draw()),
            bits(4),
            _pick(words.REGIONS, draw()),
            f"{bits(32):08x}",
            _pick(words.AUDIT_LEVELS, draw()),
            bits(7),
            _pick(words.ACTORS, draw()),
            f"{bits(48):012x}",
            _pick(words.POLICIES, draw()),
            bits(3),
            _pick(words.OUTCOMES, draw()),
            bits(9),
            _pick(words.MODELS, draw()),
            bits(8),
            _pick(words.SIGNAL_NAMES, draw()),
            bits(9),
        )
        template, values_used = _extensions_template(depth)
        body = template % values[:values_used]
        if not unique_keys:
            return "{" + body
        first = self._flood_keys
        self._flood_keys += unique_keys
        labels = ",".join(
            f'"label_{number:x}_{bits(32):08x}":{bits(10)}' for number in range(first, first + unique_keys)
        )
        return '{"labels":{' + labels + "}," + body

    def _headers(self) -> Headers:
        draw = self._random.random
        bits = self._random.getrandbits
        baggage = (
            f"tenant={_pick(words.TENANTS, draw())},business_event_type={_pick(words.EVENT_TYPES, draw())},"
            f"schema_version=3.2,request_id=req-{bits(64):016x}"
        )
        traceparent = f"00-{bits(128) | 1:032x}-{bits(64) | 1:016x}-01"
        return (("traceparent", traceparent.encode()), ("baggage", baggage.encode()))


def money(cents: int) -> str:
    """Cents as a JSON number with two digits after the point; `cents` is not negative."""
    return f"{cents // 100}.{cents % 100:02}"


def iso_utc(at_ms: int) -> str:
    """Milliseconds since the epoch as an RFC 3339 time in UTC."""
    seconds, milliseconds = divmod(at_ms, 1_000)
    days, seconds = divmod(seconds, 86_400)
    return f"{_date(days)}T{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds:03}Z"


def _addresses(customer_index: int, *, ships_elsewhere: bool) -> str:
    billing = _ADDRESS % words.address(customer_index)
    if not ships_elsewhere:
        return f'{{"billing":{billing},"shipping":{billing}}}'
    return f'{{"billing":{billing},"shipping":{_ADDRESS % words.address(customer_index + words.CUSTOMERS)}}}'


def _pick(options: tuple[str, ...], uniform: float) -> str:
    return options[int(uniform * len(options))]


@lru_cache(maxsize=4_096)
def _date(days: int) -> str:
    return date.fromordinal(date(1970, 1, 1).toordinal() + days).isoformat()


@lru_cache(maxsize=DEPTH_MAX)
def _extensions_template(depth: int) -> tuple[str, int]:
    """The nested extensions of an order of that depth, less their first brace, and their number of values."""
    levels = _EXTENSIONS[: depth - 1]
    template = ",".join(levels) + "}" * len(levels)
    return template, template.count("%")
