"""
Makes `protos/gen/` from the protos: Python stubs, type stubs and one descriptor set.

The descriptor set `protos/gen/sas.binpb` is the single compiled form: the stubs, the gateway's
transcoder, `buf lint` and the structure tests are all made from it. The imports that are not ours
come from installed wheels (googleapis-common-protos, protovalidate), so nothing is fetched.

protoc's plugins are those beside the Python that runs this. What is there already stays until all
of the new is made.
"""

from __future__ import annotations

import importlib.resources
import os
import shutil
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

HERE = Path(__file__).resolve().parent
GEN = HERE / "gen"


def ours() -> list[str]:
    """Return the paths of our own protos, relative to this folder."""
    return sorted(str(p.relative_to(HERE)) for p in HERE.glob("sas*/**/*.proto"))


def validate_descriptor() -> bytes:
    """Return protovalidate's own rules as a descriptor set: its wheel carries no .proto file."""
    found = descriptor_pb2.FileDescriptorSet()
    found.file.add().ParseFromString(validate_pb._DESC.proto.to_binary())
    return found.SerializeToString()


def run(*arguments: str) -> None:
    """Run protoc, and stop when it complains."""
    if protoc.main(["protoc", *arguments]) != 0:
        sys.exit(f"protoc failed: {' '.join(arguments[-3:])}")


def main() -> None:
    """Generate everything, from nothing, and put it in the place of what was there."""
    beside = Path(sys.executable).parent
    os.environ["PATH"] = f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    with tempfile.TemporaryDirectory(prefix=".gen-", dir=HERE) as folder:
        made = Path(folder) / "gen"
        made.mkdir()
        generate(made)
        shutil.rmtree(GEN, ignore_errors=True)
        made.rename(GEN)


def generate(gen: Path) -> None:
    """Generate everything into an empty folder."""
    rules = gen / "validate.binpb"
    rules.write_bytes(validate_descriptor())
    google = str(importlib.resources.files("google").joinpath("rpc").joinpath(".."))
    well_known = str(importlib.resources.files("grpc_tools").joinpath("_proto"))
    image = str(gen / "sas.binpb")
    run(
        f"-I{HERE}",
        f"-I{Path(google).resolve().parent}",
        f"-I{well_known}",
        f"--descriptor_set_in={rules}",
        f"--descriptor_set_out={image}",
        "--include_imports",
        "--include_source_info",
        *ours(),
        "google/rpc/error_details.proto",
        "google/rpc/status.proto",
    )
    run(
        f"--descriptor_set_in={image}",
        f"--python_out={gen}",
        f"--grpc_python_out={gen}",
        f"--mypy_out=quiet:{gen}",
        f"--mypy_grpc_out=quiet:{gen}",
        *ours(),
        "buf/validate/validate.proto",
    )


if __name__ == "__main__":
    main()
