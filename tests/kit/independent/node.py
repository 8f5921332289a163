"""npm's @sigstore/verify on Node, installed into a folder of its own for as long as a run lasts."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.consent.domain.ledger.note import VerifierKey
from tests.kit.independent import Claim

PACKAGE = "@sigstore/verify@3.1.1"
"""The newest that Node 20 may run."""

_QUIETLY = ("--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1")

_SCRIPT = """
const fs = require("fs");
const crypto = require("crypto");
const { verifyCheckpoint } = require("./node_modules/@sigstore/verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = require("./node_modules/@sigstore/verify/dist/tlog/merkle.js");
const asked = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const bytes = (text) => Buffer.from(text, "base64");
const tlog = {
  logID: bytes(asked.keyId),
  baseURL: asked.name,
  publicKey: crypto.createPublicKey({ key: bytes(asked.key), format: "der", type: "spki" }),
};
const accepts = (claim) => {
  const entry = {
    canonicalizedBody: bytes(claim.entry),
    inclusionProof: {
      logIndex: claim.index,
      hashes: claim.hashes.map(bytes),
      checkpoint: { envelope: claim.envelope },
    },
  };
  try {
    verifyMerkleInclusion(entry, verifyCheckpoint(entry, [tlog]));
    return true;
  } catch (error) {
    // What it refuses, and what it can't even read as a number; anything else is our mistake.
    if (error.name === "VerificationError" || error instanceof SyntaxError) return false;
    throw error;
  }
};
console.log(JSON.stringify(asked.claims.map(accepts)));
"""


def install(folder: Path) -> Path:
    """Install it; where that can't be done the test is skipped, and says what was missing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node and npm are not on this machine, so @sigstore/verify can't be asked")
    try:
        done = subprocess.run(
            ["npm", "install", *_QUIETLY, PACKAGE],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not fetch {PACKAGE} within two minutes")
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["nothing"]
        pytest.skip(f"npm could not fetch {PACKAGE}: {said[0]}")
    (folder / "accepts.js").write_text(_SCRIPT)
    return folder


class NodeSigstore:
    """Somebody with the ledger's public key and @sigstore/verify."""

    def __init__(self, key: VerifierKey, folder: Path) -> None:
        self._key, self.folder = key, folder

    def accept(self, claims: Iterable[Claim]) -> list[bool]:
        """Say of each claim whether it finds the checkpoint signed and the entry in it."""
        public = Ed25519PublicKey.from_public_bytes(self._key.public_key)
        raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        asked = {
            "key": _b64(raw),
            "keyId": _b64(self._key.key_id),
            "name": self._key.name,
            "claims": [
                {
                    "index": str(claim.index),
                    "hashes": [_b64(each) for each in claim.hashes],
                    "entry": _b64(claim.entry),
                    "envelope": claim.envelope,
                }
                for claim in claims
            ],
        }
        file = self.folder / "claims.json"
        file.write_text(json.dumps(asked))
        done = subprocess.run(
            ["node", "accepts.js", str(file)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: list[bool] = json.loads(done.stdout)
        assert len(found) == len(asked["claims"])
        return found


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
