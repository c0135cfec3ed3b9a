"""The signature of SLS for GET requests without a body.

Source: Alibaba Cloud, Simple Log Service developer reference, "Request signatures" (hmac-sha1, API version 0.6.0).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from collectors.alibaba.credentials import Key


def signed(path: str, parameters: Mapping[str, Any], key: Key, at: datetime) -> dict[str, str]:
    """The headers of a request, `at` in UTC. Path and parameters are signed as they are before they are encoded."""
    headers = {
        "x-log-apiversion": "0.6.0",
        "x-log-bodyrawsize": "0",
        "x-log-signaturemethod": "hmac-sha1",
        **({"x-acs-security-token": key.token} if key.token else {}),
    }
    date = format_datetime(at, usegmt=True)
    own = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    pairs = "&".join(f"{name}={value}" for name, value in sorted(parameters.items()))
    text = f"GET\n\n\n{date}\n{own}{path}{f'?{pairs}' if pairs else ''}"
    digest = hmac.digest(key.secret.encode(), text.encode(), hashlib.sha1)
    return {**headers, "Date": date, "Authorization": f"LOG {key.id}:{base64.b64encode(digest).decode()}"}
