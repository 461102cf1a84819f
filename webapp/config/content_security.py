"""What pages may load and where they may send: nothing but what is listed here."""

from csp.constants import NONCE, NONE, SELF, WASM_UNSAFE_EVAL

POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        # Previews are blob: URLs, small crops data: URLs; neither leaves the browser.
        "img-src": [SELF, "data:", "blob:"],
        "manifest-src": [SELF],
        "media-src": [SELF, "blob:"],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "worker-src": [SELF],
    }
}
# Of the thread that computes in WebAssembly, and of no page (webapp/engine/views.py).
OF_THE_ENGINE = {
    "default-src": [NONE],
    "base-uri": [NONE],
    "connect-src": [SELF],
    "frame-ancestors": [NONE],
    "script-src": [SELF, WASM_UNSAFE_EVAL],
}
