"""What somebody may send where a name, a number or a choice is asked for."""

import json
from typing import Any

SCRIPT = '"><script>alert(1)</script>'
SUM = '{{ 5|add:"1111111" }}'  # a template would make 1111116 of it
INJECTED = "x\r\nX-Injected: 1\r\n\r\n<h1>mine</h1>"
SENTENCES = (SCRIPT, "<h1>mine", "1111116", "onerror=alert")  # in no page's source

TEXTS = {
    "NUL": "a\0b",
    "a lone surrogate": "a\ud800b",
    "a megabyte": "x" * 2**20,
    "a superscript digit": "²",
    "an Arabic digit": "٣",
    "a wide digit": "１",
    "an underscore in a number": "1_000",
    "less than nothing": "-1",
    "more than a bigint": "9" * 30,
    "more digits than Python reads": "9" * 5000,
    "no number": "nan",
    "no end": "-inf",
    "a large exponent": "1e999",
    "SQL": "' OR 1=1; DROP TABLE labeling_user; --",
    "wildcards": "%_\\%s%(x)s",
    "a script": SCRIPT,
    "an address that runs": "javascript:alert(1)//",
    "another site": "//evil.example/\\evil.example",
    "a template": SUM + "{% debug %}{0.__class__}${7*7}",
    "a path": "../../../../etc/passwd",
    "another path": "..\\..\\%2e%2e%2fetc%2fpasswd",
    "a header": INJECTED,
    "right to left": "\u202egpj.exe\u2066",
    "blank": " \u00a0\u3000\ufeff\u200b",
    "a signature": "WyJ4Il0:1abcde:" + "A" * 43,
    "no UUID": "00000000-0000-0000-0000-00000000000g",
    "an odd UUID": "{urn:uuid:" + "0" * 32 + "}",
}

OTHER_TYPES: dict[str, Any] = {
    "null": None,
    "false": False,
    "a list": [["sad"]],
    "an object": {"$ne": ""},
    "a fraction": 1.5,
    "a large integer": 10**400,
}

DEEP = 20_000

# Whole bodies that call themselves JSON.
BODIES = {
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "half a list": b"[" * DEEP,
    "a list": b'["sad"]',
    "a word": b'"sad"',
    "null": b"null",
    "nothing": b"",
    "NaN": b'{"weight": NaN, "crop": -Infinity}',
    "digits": b'{"weight": ' + b"9" * 5000 + b"}",
    "NUL": b'{"a\\u0000": "\\u0000"}',
    "no UTF-8": b'{"crop": "\xff\xfe"}',
    "UTF-16": json.dumps({"crop": "x"}).encode("utf-16"),
    "a name a thousand times": b"{" + b'"crop": 1,' * 1000 + b'"crop": 2}',
}

HEADERS = (
    *("Accept", "Accept-Language", "Content-Type", "Content-Length", "Range"),
    *("Host", "Origin", "Referer", "User-Agent", "X-Request-ID", "Authorization"),
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-CSRFToken"),
    *("HX-Request", "HX-Current-URL", "HX-Target", "HX-Trigger", "HX-Prompt"),
    *("If-Modified-Since", "If-None-Match", "X-HTTP-Method-Override"),
)
COOKIES = (
    *("sessionid", "csrftoken", "messages", "django_language", "theme"),
    *("mien_device", "mien_given", ""),
)

_FILE = b'Content-Disposition: form-data; name="photo"; filename="%s"'

# The head of a part that holds a photo.
UPLOADS = {
    "a script": _FILE % SCRIPT.replace('"', "%22").encode(),
    "a picture that runs": _FILE % b"<img src=x onerror=alert(1)>.jpg",
    "a path": _FILE % b"../../../../etc/passwd",
    "another path": _FILE % b"C:\\windows\\..\\x.jpg",
    "NUL": _FILE % b"a\0b.jpg",
    "no UTF-8": _FILE % b"\xff\xfe.jpg",
    "a long name": _FILE % (b"x" * 10_000),
    "no name": _FILE % b"",
    "a template": _FILE % SUM.replace('"', "'").encode(),
    "a name in a far charset": b"Content-Disposition: form-data; name=photo; "
    b"filename*=utf-7''%2BADw-script%2BAD4-",
    "no charset": b"Content-Disposition: form-data; name=photo; filename*=x''y",
    "base64 that is none": _FILE % b"x.jpg" + b"\r\nContent-Transfer-Encoding: base64",
    "no disposition": b"Content-Type: image/jpeg",
    "a header": _FILE % b"x.jpg\r\nX-Injected: 1",
    "no type": _FILE % b"x.jpg" + b"\r\nContent-Type: ;;;=\xff",
    "text": b'Content-Disposition: form-data; name="photo"',
}
