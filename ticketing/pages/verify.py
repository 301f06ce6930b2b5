"""Verify: holds a dossier against its signatures and proofs, by Python 3.11 and `cryptography` alone; see --help."""

import argparse
import hashlib
import json
import re
import struct
from binascii import a2b_base64, b2a_base64, crc32
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FILES = re.compile(r"(checkpoint|keys|manifest)\.txt|events\.jsonl|index\.html|(proofs|texts)\.json|verify\.py")
FIELDS = ["position", "stream_id", "version", "topic", "recorded_at", "state"]
plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # JSON's one form: nothing twice or besides


def unpacked(path: Path, misfits: list[str]) -> dict[str, bytes]:
    """The files by name. The zip has one form, nothing compressed, so that no two programs find different files."""
    data, at, files, index = path.read_bytes(), 0, dict[str, bytes](), bytearray()
    while data[at : at + 4] == b"PK\3\4" and data[at + 8 : at + 10] == b"\0\0":  # the latter: not compressed
        size, name_size, extra_size = struct.unpack_from("<22xIHH", data, at)
        begin = at + 30 + name_size + extra_size
        name, content = data[at + 30 : at + 30 + name_size].decode(), data[begin : begin + size]
        entry = struct.pack("<5H3I2H", 20, 0x800, 0, 0, 0x21, crc32(content), size, size, name_size, 0)
        if data[at:begin] != b"PK\3\4" + entry + name.encode() or name <= next(reversed(files), ""):
            misfits.append(f"{name}: it was changed in the zip, cut off, or put in another place")
        index += b"PK\1\2\x14\3" + entry + struct.pack("<3H2I", 0, 0, 0, 0o100644 << 16, at) + name.encode()
        files[name], at = content, begin + size
    if files and data[at:] != index + struct.pack("<4s4x2H2IH", b"PK\5\6", *[len(files)] * 2, len(index), at, 0):
        misfits.append("the zip: its directory does not fit its files, or something else is in it")
    return files


def signers(name: str, note: str, keys: list[str], misfits: list[str]) -> list[str]:
    """Who signed a note, witnesses with the time. Each of the keys has to have signed it once, and nobody else."""
    known, signed = {}, []
    for key in keys:
        [(who, key_id, encoded)] = re.findall(r"\A([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})\Z", key) or [("",) * 3]
        raw = a2b_base64(encoded)  # begins with 1 in a log's key, with 4 in a witness's
        if hashlib.sha256(f"{who}\n".encode() + raw).hexdigest()[:8] != key_id or raw[0] not in {1, 4}:
            raise ValueError(f"--key, --witness or keys.txt: {key}: this is no verifier key")
        known[who, key_id] = raw[0] == 4, Ed25519PublicKey.from_public_bytes(raw[1:])
    body, _, lines = note.rpartition("\n\n")
    signatures = [(who, a2b_base64(encoded)) for who, encoded in re.findall("— (\\S+) (\\S+)\n", lines)]
    if "".join(f"— {who} {b2a_base64(raw, newline=False).decode()}\n" for who, raw in signatures) != lines:
        raise ValueError(f"{name} is no signed note")
    for who, raw in signatures:
        try:
            (is_witness, public), seconds = known.pop((who, raw[:4].hex())), int.from_bytes(raw[4:12], "big")
            message = f"cosignature/v1\ntime {seconds}\n{body}\n" if is_witness else f"{body}\n"
            public.verify(raw[12:] if is_witness else raw[4:], message.encode())
            signed.append(f"{who} at {datetime.fromtimestamp(seconds, UTC)}" if is_witness else who)
        except (KeyError, InvalidSignature):
            misfits.append(f"{name}: the signature of {who} does not hold by any key given or in keys.txt")
    misfits += [f"{name}: it lacks the signature of {who}+{key_id}" for who, key_id in known]
    return signed


def root_of(leaf: bytes, index: int, size: int, proof: list[str]) -> bytes:
    """The root to which a proof leads from the hash of a leaf in a tree of that size: RFC 9162, section 2.1.3.1."""
    if (index, size, len(proof)) == (0, 1, 0):
        return leaf
    split, other = 1 << (size - 1).bit_length() - 1, a2b_base64(proof.pop())
    below = root_of(leaf, *((index, split) if index < split else (index - split, size - split)), proof)
    return hashlib.sha256(b"\1" + (below + other if index < split else other + below)).digest()


def hashes(text: dict[str, str], size: int, root: str, ticket: list[str], misfits: list[str]) -> dict[str, str]:
    """Holds every event against its proof and its place; gives the hashes that they name, each with its event."""
    proofs, named, first, end = json.loads(text["proofs.json"])["inclusion"], dict[str, str](), "", (0, 0)
    proofs_alone = plain({"size": size, "root": root, "inclusion": proofs})
    for number, line in enumerate(text["events.jsonl"].removesuffix("\n").split("\n"), 1):
        place = f"events.jsonl, line {number}"
        try:
            event = {field: read[field] for read in [json.loads(line)] for field in FIELDS}
            position, version = event["position"], event["version"]
            place += f": position {position}, version {version}, {event['topic']}"
            parts = [str(value).encode() for value in event.values()]
            leaf = hashlib.sha256(b"\0" + b"".join(struct.pack(">I", len(part)) + part for part in parts)).digest()
            if root_of(leaf, position - 1, size, proofs.pop(str(position))) != a2b_base64(root) or plain(event) != line:
                misfits.append(f"{place}: the log that the checkpoint signs does not hold it as it stands here")
            if event["stream_id"] == ticket[0]:
                if version != end[0] + 1 or position <= end[1]:
                    misfits.append(f"{place}: what stood before it is missing, or it stands in another place")
                first, end = (
                    json.loads(event["state"])["event"]["number"] if version == 1 else first,
                    (version, position),
                )
            named |= dict.fromkeys(re.findall('":"([0-9a-f]{64})"', event["state"]), place)
        except (LookupError, RecursionError, TypeError, ValueError) as error:
            misfits.append(f"{place}: it cannot be read, or has no proof: {error!r}")
    if [str(each) for each in (first, *end)] != ticket[1:] or proofs or proofs_alone != text["proofs.json"]:
        misfits.append(f"events.jsonl, proofs.json: more or less than the manifest says: {[first, *end]}, {ticket[1:]}")
    return named


def verify(path: Path, key: str | None, witnesses: list[str], misfits: list[str]) -> list[str]:
    """What the dossier shows if all of it holds, else the misfits, to which what does not fit is added."""
    files = unpacked(path, misfits)
    manifest = files.pop("manifest.txt").decode()
    text = {name: content.decode() for name, content in files.items() if FILES.fullmatch(name)}
    own, *others = text["keys.txt"].split()
    keys = [own if key is None else key, *witnesses, *others]
    signers("manifest.txt", manifest, keys[:1], misfits)
    title, ticket, head, tree, *listed = manifest.rpartition("\n\n")[0].split("\n")
    held = {f"file {hashlib.sha256(content).hexdigest()} {len(content)} {name}" for name, content in files.items()}
    misfits += [f"{it}: not as the manifest lists it" for it in sorted({line.split()[-1] for line in held ^ {*listed}})]
    signed = signers("checkpoint.txt", text["checkpoint.txt"], keys, misfits)
    (_, *named_so), (_, *last), (_, size, root) = ticket.split(" ", 2), head.split(" "), tree.split(" ")
    if title != "ticketing dossier v1" or [size, root] != text["checkpoint.txt"].split("\n")[1:3]:
        misfits.append("manifest.txt: it is of another kind, or of another checkpoint")
    named = hashes(text, int(size), root, [*named_so, *last], misfits)
    told = {it: (re.sub(r"^evidence/(\w{64})(\.\w{1,8})?\Z", r"\1", it), files[it]) for it in files if it not in text}
    for at, it in enumerate(texts := json.loads(whole := text["texts.json"]), 1):
        is_so = re.fullmatch("[0-9a-f]{32}", it["salt"]) and [*it, plain(texts)] == ["digest", "salt", "text", whole]
        told[f"texts.json, text {at}"] = it["digest"] if is_so else "", bytes.fromhex(it["salt"]) + it["text"].encode()
    for what, (claimed, content) in told.items():
        if hashlib.sha256(content).hexdigest() != claimed or claimed not in named:
            misfits.append(f"{what}: it is not what was hashed into {named.get(claimed, 'any event here')}")
    return misfits or [
        f"it holds: {ticket}, whole up to {head}: its events stand in the log of {tree} as they stand here",
        f"signed by {', '.join(signed)}; {len(listed)} files fit the manifest, {len(told)} texts and files fit events",
        *[f"shows only that it fits itself: nobody gave --key; compare its key {own}"] * (key is None),
        *(f"not shown who witnessed it; compare the key {each}" for each in others if each not in witnesses),
        "not checked: texts, evidence and standards' events left out; whether it is true and complete; what came later",
        "not checked: index.html, the company's account of the events; where the two differ, the events count",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Verifies what the arguments name, says what was found, and gives the exit code."""
    parser = argparse.ArgumentParser(epilog="Exit code 0: it holds; 1: it does not; 2: it cannot be read as a dossier.")
    parser.add_argument("dossier", type=Path)
    parser.add_argument("--key", metavar="VKEY", help="the company's")
    parser.add_argument("--witness", metavar="VKEY", action="append", default=[], help="a witness's; may be repeated")
    asked, misfits = parser.parse_args(arguments), list[str]()
    try:
        said, code = verify(asked.dossier, asked.key, asked.witness, misfits), min(len(misfits), 1)
    except Exception as error:  # noqa: BLE001  # a hostile file may provoke any
        wrong = f"it cannot be read as a dossier, or no further; what is wrong or missing: {error}"
        said, code = [*misfits, wrong], 1 if misfits else 2
    print(*[ascii(each)[1:-1] for each in ["it does not hold:"] * (code == 1) + said], sep="\n")  # noqa: T201
    return code


if __name__ == "__main__":
    raise SystemExit(main())
