"""Redaction: what of a record must not leave, by rules of one line each.

    order.customer.*: hash          every member of the customer
    order.items.note: keep-shape    of each item: a path goes through arrays by itself
    **.email: mask                  at any depth
    key: hash                       the record's key
    header.x-customer: drop         a header, whatever the case of its name; header.* is all of them
    value: mask                     the whole value; value.key is a member that is named key

A step of a path is a member's name, `*` (any one member, or item of an array) or `**` (any number of steps,
or none). A name that has a dot, a star or a quote in it is written as a JSON string. What a rule names may be
an object or an array: then it is meant with all that is in it.

| action | strings | integers, other numbers | true, false | null | an object or array |
|---|---|---|---|---|---|
| `drop` | null | null | null | null | null |
| `mask` | `***` | 0, 0.0 | false | null | each value in it |
| `hash` | 16 hexadecimal digits | 15 digits, 0 and 15 digits | either | null | each value in it |
| `keep-shape` | letters become x or X, digits 0 | digits become 1 | false | null | each value in it |

Where several rules meet, the one furthest up in this table counts. Hashes are salted: equal values have equal
hashes, across members, keys and headers, under the same salt alone. Names of members stay: where they tell
something themselves, drop the object that has them. All else stays as it is to the byte: white space,
escapes, members that are there twice.

A value that is no JSON cannot be searched for what must not leave. Where there is a rule for values at all,
it is replaced by its length and its hash, in words that are no JSON either, so that it is still refused by
who reads it.

Pure: bytes go in and come out.
"""

from stream_pool.incident.redaction.redactor import Redactor
from stream_pool.incident.redaction.rules import Action, Rule, RuleError, parse_rule, parse_rules

__all__ = ["Action", "Redactor", "Rule", "RuleError", "parse_rule", "parse_rules"]
