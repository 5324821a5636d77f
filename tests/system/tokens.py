"""Access tokens, real and forged, made without the server."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def encode(data):
    if not isinstance(data, bytes):
        data = json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims_of(token):
    return json.loads(decode(token.split(".")[1]))


def header_of(token):
    return json.loads(decode(token.split(".")[0]))


def sign_es(key, header, claims, digest=hashes.SHA256):
    signed = encode(header) + b"." + encode(claims)
    size = (key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(digest())))
    return (signed + b"." + encode(r.to_bytes(size, "big") + s.to_bytes(size, "big"))).decode()


def sign_hs(secret, header, claims):
    signed = encode(header) + b"." + encode(claims)
    return (signed + b"." + encode(hmac.new(secret, signed, hashlib.sha256).digest())).decode()


def find_key(parley):
    """The key that an instance signs with."""
    for path in parley.var.rglob("*"):
        if path.is_file() and path.stat().st_size < 4096 and b"PRIVATE KEY" in path.read_bytes():
            assert path.stat().st_mode & 0o077 == 0, f"{path} may be read by others"
            return serialization.load_pem_private_key(path.read_bytes(), None)
    raise AssertionError("no private key below var/")


def public_pem(jwk):
    x, y = (int.from_bytes(decode(jwk[name]), "big") for name in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    return key.public_bytes(serialization.Encoding.PEM,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


def forgeries(token, jwks):
    """Tokens of the same user that nobody may believe, by the name of the forgery."""
    header, claims = header_of(token), claims_of(token)
    jwk = jwks["keys"][0]
    start, signature = token.rsplit(".", 1)
    stranger = ec.generate_private_key(ec.SECP256R1())
    wide = ec.generate_private_key(ec.SECP384R1())
    rsa_key = rsa.generate_private_key(65537, 2048)
    rs_signed = encode({**header, "alg": "RS256"}) + b"." + encode(claims)
    later = {**claims, "exp": claims["exp"] + 86400}
    pem = public_pem(jwk)
    return {
        "nothing": "",
        "not a token": "abc",
        "two parts": start,
        "HS256 by the public key": sign_hs(pem, {**header, "alg": "HS256"}, claims),
        "HS256 by the public key without its last line break":
            sign_hs(pem.rstrip(), {**header, "alg": "HS256"}, claims),
        "HS256 by the JWK": sign_hs(json.dumps(jwk).encode(), {**header, "alg": "HS256"}, claims),
        "HS256 by nothing": sign_hs(b"", {**header, "alg": "HS256"}, claims),
        "alg none": (encode({**header, "alg": "none"}) + b"." + encode(claims) + b".").decode(),
        "alg None": (encode({**header, "alg": "None"}) + b"." + encode(claims) + b".").decode(),
        "alg none with a signature":
            (encode({**header, "alg": "none"}) + b"." + encode(claims)).decode() + "." + signature,
        "RS256": (rs_signed + b"." + encode(
            rsa_key.sign(rs_signed, padding.PKCS1v15(), hashes.SHA256()))).decode(),
        "ES384": sign_es(wide, {**header, "alg": "ES384"}, claims, hashes.SHA384),
        "ES256 with P-384": sign_es(wide, header, claims),
        "another's key": sign_es(stranger, header, claims),
        "another's key with its own JWK in the header": sign_es(
            stranger, {**header, "jwk": {"kty": "EC", "crv": "P-256", **{
                name: encode(value.to_bytes(32, "big")).decode() for name, value in
                (("x", stranger.public_key().public_numbers().x),
                 ("y", stranger.public_key().public_numbers().y))}}}, claims),
        "another's key by an unknown kid": sign_es(stranger, {**header, "kid": "stranger"}, claims),
        "claims changed": f"{start.split('.')[0]}.{encode(later).decode()}.{signature}",
        "signature cut": token[:-2],
        "signature of zeroes": f"{start}.{encode(bytes(64)).decode()}",
        "no signature": start + ".",
    }


def wrong_claims(token, key):
    """Tokens signed by the real key whose claims do not hold, with the code of the refusal."""
    header, claims = header_of(token), claims_of(token)
    now = int(time.time())

    def sign(**changes):
        return sign_es(key, header, {name: value for name, value in {**claims, **changes}.items()
                                     if value is not None})

    return {
        "expired": (sign(iat=now - 1000, exp=now - 100), 40102),
        "no exp": (sign(exp=None), 40101),
        "exp a text": (sign(exp="tomorrow"), 40101),
        "another issuer": (sign(iss="stranger"), 40101),
        "another audience": (sign(aud="stranger"), 40101),
        "no audience": (sign(aud=None), 40101),
        "not yet valid": (sign(nbf=now + 1000), 40101),
        "no subject": (sign(sub=None), 40101),
        "no session": (sign(sid=None), 40101),
    }
