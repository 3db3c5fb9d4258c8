"""The words that orders are made of: small closed sets, so that the number of values that repeat is known.

Everything here is written out or computed from an index, never drawn, so customer 17 has the same name,
address and locale in every run and in every process. How many of each there are: `docs/generator.md`.
"""

from functools import lru_cache
from typing import NamedTuple

CUSTOMERS = 20_000
SKUS = 480

STATUSES = ("PLACED", "CONFIRMED", "PAID", "ALLOCATED", "ON_HOLD", "RELEASED")
CHANNELS = ("WEB", "APP", "MARKETPLACE", "STORE", "PHONE")
TENANTS = ("northwind", "contoso", "fabrikam", "tailspin", "wingtip", "litware")
EVENT_TYPES = ("order.placed", "order.amended", "order.confirmed", "order.released")
SEGMENTS = ("CONSUMER", "BUSINESS", "STAFF", "RESELLER")
TIERS = ("NONE", "BRONZE", "SILVER", "GOLD", "PLATINUM")
METHODS = ("CARD", "WALLET", "INVOICE", "TRANSFER", "VOUCHER")
PAYMENT_STATUSES = ("AUTHORISED", "CAPTURED", "PENDING", "DECLINED")
CARD_BRANDS = ("VISA", "MASTERCARD", "AMEX", "JCB")
COLOURS = ("black", "white", "slate", "sand", "olive", "navy", "rust", "plum", "teal", "rose", "lime", "gold")
SIZES = ("XS", "S", "M", "L", "XL", "XXL")
WAREHOUSES = tuple(
    f"WH-{code}-{number}" for code in ("HAM", "LYS", "MAD", "POZ", "OSA") for number in (1, 2, 3)
)
CARRIERS = ("DHL", "UPS", "GLS", "DPD", "POSTNORD", "YAMATO")
SERVICES = ("STANDARD", "EXPRESS", "NEXT_DAY", "PICKUP")
PROMOTIONS = tuple(
    f"PROMO-{season}-{number}" for season in ("SPRING", "SUMMER") for number in range(10, 60, 5)
)
GREETINGS = (
    "Happy birthday,\\n\\u2013 with love from all of us",
    "Für Dich \U0001f381",
    'To the \\"best\\" brother',
    "お誕生日おめでとう",
    "Merci pour tout\\u2026",
)

PARTNERS = tuple(f"partner-{number:02}" for number in range(12))
CONTRACTS = ("core", "plus", "strategic")
INCOTERMS = ("EXW", "FCA", "DAP", "DDP")
SCHEMES = ("SEPA", "SWIFT", "FPS", "ZENGIN")
LANES = tuple(f"lane-{number}" for number in range(40))
HUBS = tuple(f"hub-{number}" for number in range(25))
PROCEDURES = ("H1", "H2", "H7", "I1")
HS_CODES = tuple(f"{6100 + 7 * number}.{10 + number % 80}" for number in range(60))
REGIONS = ("north", "south", "east", "west", "central")
AUDIT_LEVELS = ("none", "sampled", "full")
ACTORS = ("system", "rules-engine", "analyst", "partner")
OUTCOMES = ("accept", "review", "reject")
POLICIES = tuple(f"policy-{number}" for number in range(30))
MODELS = ("risk-2", "risk-3", "risk-3b")
SIGNAL_NAMES = ("velocity", "geo_mismatch", "device_age", "basket_shape", "repeat_buyer")

_COUNTRIES = ("DE", "FR", "ES", "PL", "JP", "GB", "SE", "US")
_CURRENCIES = ("EUR", "EUR", "EUR", "PLN", "JPY", "GBP", "SEK", "USD")
_LOCALES = ("de-DE", "fr-FR", "es-ES", "pl-PL", "ja-JP", "en-GB", "sv-SE", "en-US")
_CITIES = (
    ("Hamburg", "Köln", "München", "Leipzig", "Bremen"),
    ("Lyon", "Nîmes", "Brest", "Lille", "Angers"),
    ("Madrid", "A Coruña", "Málaga", "Sevilla", "León"),
    ("Poznań", "Gdańsk", "Łódź", "Lublin", "Kraków"),
    ("大阪", "札幌", "名古屋", "神戸", "福岡"),
    ("Leeds", "Bristol", "York", "Cardiff", "Dundee"),
    ("Malmö", "Umeå", "Lund", "Gävle", "Uppsala"),
    ("Boston", "Austin", "Denver", "Reno", "Tampa"),
)
_STREETS = tuple(
    f"{name} {kind}"
    for name in (
        "Station",
        "Mill",
        "Harbour",
        "Church",
        "Garden",
        "Castle",
        "Linden",
        "School",
        "River",
        "Hill",
    )
    for kind in ("Street", "Road", "Lane", "Square", "Row", "Way")
)
# fmt: off
_GIVEN = (
    "Ada", "Ben", "Cleo", "Dev", "Eva", "Finn", "Gül", "Hugo", "Ines", "Jan", "Kaia", "Leo", "Mia",
    "Nils", "Olga", "Paul", "Rosa", "Sam", "Tove", "Zoë",
)
_FAMILY = (
    "Abel", "Berg", "Conti", "Duarte", "Ek", "Fischer", "Groß", "Hansen", "Ito", "Jansen", "Kowalski",
    "Lund", "Müller", "Novak", "Oliveira", "Petit", "Quist", "Rossi", "Suzuki", "Thomas", "Urban",
    "Vega", "Weber", "Yilmaz", "Zhang",
)
_ADJECTIVES = (
    "Light", "Warm", "Slim", "Bold", "Soft", "Raw", "Classic", "Urban", "Trail", "Alpine", "Coastal",
    "Compact", "Daily", "Formal", "Loose",
)
_NOUNS = (
    "Jacket", "Shirt", "Boot", "Sock", "Scarf", "Belt", "Bag", "Cap", "Glove", "Vest", "Coat", "Skirt",
    "Dress", "Sweater", "Jeans", "Sandal", "Sneaker", "Watch", "Wallet", "Umbrella", "Towel", "Blanket",
    "Lamp", "Mug", "Bottle", "Knife", "Tent", "Stove", "Rope", "Torch", "Chair", "Table",
)
# fmt: on


class Customer(NamedTuple):
    """What does not change about a customer from order to order."""

    id: str
    segment: str
    given: str
    family: str
    email: str
    phone: str
    locale: str
    tier: str
    currency: str


class Address(NamedTuple):
    """A place; every customer has one for bills, and some a second one for parcels."""

    street: str
    number: int
    postcode: str
    city: str
    country: str
    latitude: str
    longitude: str


class Product(NamedTuple):
    """A line of the catalogue; the price is in cents."""

    sku: str
    barcode: str
    name: str
    price_cents: int
    tax_percent: int


@lru_cache(maxsize=CUSTOMERS)
def customer(index: int) -> Customer:
    """Customer `index` of `CUSTOMERS`."""
    country = index % len(_COUNTRIES)
    given, family = _GIVEN[index % len(_GIVEN)], _FAMILY[index // 7 % len(_FAMILY)]
    return Customer(
        id=f"cus-{index:08}",
        segment=SEGMENTS[index // 3 % len(SEGMENTS)],
        given=given,
        family=family,
        email=f"shopper.{index}@example.com",
        phone=f"+49-555-{index:07}",
        locale=_LOCALES[country],
        tier=TIERS[index // 11 % len(TIERS)],
        currency=_CURRENCIES[country],
    )


@lru_cache(maxsize=2 * CUSTOMERS)
def address(index: int) -> Address:
    """Address `index`; the country is that of the customer of the same index."""
    country = index % len(_COUNTRIES)
    cities = _CITIES[country]
    return Address(
        street=_STREETS[index // 13 % len(_STREETS)],
        number=1 + index // 17 % 120,
        postcode=f"{10_000 + index * 37 % 80_000}",
        city=cities[index // 8 % len(cities)],
        country=_COUNTRIES[country],
        latitude=f"{35 + index % 25}.{index * 7_919 % 10_000:04}",
        longitude=f"{5 + index % 30}.{index * 6_007 % 10_000:04}",
    )


@lru_cache(maxsize=SKUS)
def product(index: int) -> Product:
    """Product `index` of `SKUS`."""
    noun = _NOUNS[index % len(_NOUNS)]
    return Product(
        sku=f"SKU-{noun[:3].upper()}-{index:04}",
        barcode=f"40{index * 982_451_653 % 10**11:011}",
        name=f"{_ADJECTIVES[index // len(_NOUNS)]} {noun}",
        price_cents=490 + index * 7_349 % 24_000,
        tax_percent=(7, 19, 20, 21)[index % 4],
    )
