"""What the environment may say of image sources, and how it is told of mistakes."""

from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path

import pytest

from pantry_queue.errors import ConfigError
from pantry_queue.receipts.images import ImageSources
from pantry_queue.receipts.images.sources import is_public

S3 = {"S3_ENDPOINT": "http://minio:9000", "S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "hush-hush", "S3_BUCKETS": "a, b"}


def test_with_nothing_set_every_door_is_closed() -> None:
    assert ImageSources.from_env({}) == ImageSources()
    assert ImageSources.from_env({"IMAGE_ROOTS": "", "IMAGE_HTTP_HOSTS": " ", "S3_ENDPOINT": ""}) == ImageSources()


def test_roots_are_a_list_of_folders(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    value = os.pathsep.join([str(tmp_path), "", f" {tmp_path / 'b'} "])
    assert ImageSources.from_env({"IMAGE_ROOTS": value}).roots == (tmp_path, tmp_path / "b")


def test_hosts_are_names_in_lower_case() -> None:
    assert ImageSources.from_env({"IMAGE_HTTP_HOSTS": "Img.Example.org, b.example,"}).http_hosts == {
        "img.example.org",
        "b.example",
    }


def test_one_object_store() -> None:
    store = ImageSources.from_env(S3).objects
    assert store is not None
    assert (store.endpoint, store.secure, store.buckets) == ("minio:9000", False, frozenset(("a", "b")))
    assert store.region == "us-east-1"
    secure = ImageSources.from_env({**S3, "S3_ENDPOINT": "https://s3.example.org/", "S3_REGION": "eu-1"}).objects
    assert secure is not None
    assert (secure.endpoint, secure.secure, secure.region) == ("s3.example.org", True, "eu-1")


def test_the_secret_is_not_shown() -> None:
    assert "hush-hush" not in repr(ImageSources.from_env(S3))


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"IMAGE_ROOTS": "/no/such/folder"}, "IMAGE_ROOTS"),
        ({"IMAGE_ROOTS": __file__}, "IMAGE_ROOTS"),
        ({"IMAGE_HTTP_HOSTS": "http://img.example.org"}, "IMAGE_HTTP_HOSTS"),
        ({"IMAGE_HTTP_HOSTS": "*.example.org"}, "IMAGE_HTTP_HOSTS"),
        ({"IMAGE_HTTP_HOSTS": "img.example.org:80"}, "IMAGE_HTTP_HOSTS"),
        ({**S3, "S3_ENDPOINT": "minio:9000"}, "S3_ENDPOINT"),
        ({**S3, "S3_ENDPOINT": "http://minio:port"}, "S3_ENDPOINT"),
        ({**S3, "S3_ENDPOINT": "http://user:word@minio"}, "S3_ENDPOINT"),
        ({**S3, "S3_ENDPOINT": "http://minio/path"}, "S3_ENDPOINT"),
        ({**S3, "S3_ENDPOINT": "http://minio?x=1"}, "S3_ENDPOINT"),
        ({**S3, "S3_ACCESS_KEY": ""}, "S3_ACCESS_KEY"),
        ({**S3, "S3_SECRET_KEY": " "}, "S3_SECRET_KEY"),
        ({**S3, "S3_BUCKETS": ""}, "S3_BUCKETS"),
        ({"S3_BUCKETS": "a"}, "S3_ENDPOINT"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_that_names_the_variable(environ: dict[str, str], variable: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        ImageSources.from_env(environ)
    assert variable in str(wrong.value)
    assert str(wrong.value).endswith(".")
    assert "word" not in str(wrong.value)
    assert "hush" not in str(wrong.value)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "192.0.2.1"),
        *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "ff0e::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254"),
        *("2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1"),
    ],
)
def test_addresses_that_lead_to_us_or_nowhere(address: str) -> None:
    assert not is_public(ip_address(address))
