"""Certificate authorities and certificates for tests, made by the openssl program: valid, expired, of another authority."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Authority:
    """A certificate authority in a folder of its own. `ca` is what those who trust it need."""

    def __init__(self, folder: Path, name: str = "test authority") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.ca, self._key = folder / "ca.pem", folder / "ca.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign",  # Python 3.13 trusts no authority without it
                 "-subj", f"/CN={name}", "-keyout", str(self._key), "-out", str(self.ca))  # fmt: skip
        self._serial = 0

    def issue(
        self, subject: str, *, names: str = "", days: int = 2, as_file: str = "", bits: int = 0
    ) -> tuple[Path, Path]:
        """Certificate and key of `/CN=...`; `names`: subject alternative names; `bits`: of RSA."""
        stem = as_file or f"c{self._serial}"
        self._serial += 1
        certificate, key, request = (self.folder / f"{stem}.{end}" for end in ("pem", "key", "csr"))
        extensions = self.folder / f"{stem}.ext"
        extensions.write_text(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n")
        algorithm = ["-newkey", f"rsa:{bits}"] if bits else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        _openssl("req", "-new", *algorithm, "-nodes", "-subj", subject, "-keyout", str(key), "-out", str(request))
        _openssl("x509", "-req", "-in", str(request), "-CA", str(self.ca), "-CAkey", str(self._key), "-set_serial",
                 str(1000 + self._serial), "-days", str(days), "-extfile", str(extensions), "-out", str(certificate))  # fmt: skip
        return certificate, key

    def brief(self, subject: str, seconds: int) -> tuple[Path, Path]:
        """A certificate that ends so soon; below 0: that ended so long ago."""
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        start = end - datetime.timedelta(days=1)
        certificate, key, request = (self.folder / f"brief.{ending}" for ending in ("pem", "key", "csr"))
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-subj", subject, "-keyout", str(key), "-out", str(request))  # fmt: skip
        _openssl("ca", *self._database(), "-batch", "-notext", "-in", str(request), "-out", str(certificate),
                 *(word for name, at in (("-startdate", start), ("-enddate", end))
                   for word in (name, at.strftime("%y%m%d%H%M%SZ"))))  # fmt: skip
        return certificate, key

    def _database(self) -> tuple[str, ...]:
        index, settings = self.folder / "index.txt", self.folder / "ca.cnf"
        index.touch()
        settings.write_text(
            f"[ca]\ndefault_ca = one\n[one]\ndatabase = {index}\ndefault_md = sha256\ndefault_crl_days = 2\n"
            f"new_certs_dir = {self.folder}\nrand_serial = yes\npolicy = any\nunique_subject = no\n[any]\ncommonName = supplied\n"
        )
        return ("-config", str(settings), "-keyfile", str(self._key), "-cert", str(self.ca))

    def revoke(self, *certificates: Path) -> Path:
        """A list of withdrawn certificates."""
        crl, common = self.folder / "crl.pem", self._database()
        for certificate in certificates:
            _openssl("ca", *common, "-revoke", str(certificate))
        _openssl("ca", *common, "-gencrl", "-out", str(crl))
        return crl
