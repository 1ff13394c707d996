"""The kinds of connections that people choose from: name, icon and what each is good for."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.core.stream import Title


@dataclass(frozen=True, slots=True)
class KindShown:
    """A card of the gallery. `words`: what people may look for it by; `example` of a URL."""

    kind: str
    name: str
    icon: str
    about: Title
    words: str = ""
    example: str = ""


SOURCES = (
    KindShown("coding", "Coding", "git-branch", Title(
        "腾讯云 CODING DevOps：事项、迭代、成员、代码、合并请求、构建、制品等 100 多张表。",
        "CODING DevOps of Tencent Cloud: issues, iterations, members, code, merge requests, builds,"
        " artifacts and more, over 100 tables.",
    ), "coding.net 腾讯云 devops 研发 issue"),
)  # fmt: skip
DESTINATIONS = (
    KindShown("postgresql", "PostgreSQL", "database", Title(
        "PostgreSQL 12 及以上。", "PostgreSQL 12 or later."), "postgres pg 数据库 database"),
    KindShown("mysql", "MySQL / MariaDB", "database", Title(
        "MySQL 8、MariaDB 10.5 及以上。", "MySQL 8, MariaDB 10.5 or later."), "数据库 database"),
    KindShown("duckdb", "DuckDB", "package", Title(
        "单个文件的分析型数据库，适合报表。", "An analytic database in a file: good for reports."),
        "文件 file 分析", "duckdb:///coding.duckdb"),
    KindShown("sqlite", "SQLite", "file-text", Title(
        "单个文件，到处可读。", "One file that everything can read."), "文件 file",
        "sqlite:///coding.db"),
    KindShown("delta", "Delta Lake", "stack-2", Title(
        "文件夹或对象存储中的 Delta 表，供 Spark、Trino、DuckDB 读取。",
        "Delta tables in a folder, for Spark, Trino and DuckDB."), "lakehouse 数据湖 spark trino",
        "delta:///coding"),
    KindShown("parquet", "Parquet", "folder", Title(
        "Parquet 文件夹。", "A folder of Parquet files."), "文件 files",
        "parquet:///coding"),
    KindShown("jsonl", "JSON Lines", "list", Title(
        "JSON Lines 文件夹，适合归档。", "A folder of JSON Lines: good to keep for ever."),
        "文件 files 归档 archive", "jsonl:///coding"),
    KindShown("dlt", "dlt", "cloud", Title(
        "经 dlt 写入更多数据仓库（较慢）。", "Further warehouses through dlt (slower)."),
        "bigquery snowflake redshift clickhouse 数仓", "dlt+duckdb:///coding.duckdb"),
)  # fmt: skip
_BY_KIND = {one.kind: one for one in (*SOURCES, *DESTINATIONS)}
_SAME = {"postgres": "postgresql", "mariadb": "mysql"}


def shown_as(kind: str) -> KindShown:
    """The card of a type of connection; of one that has none, its name."""
    kind = "dlt" if kind.startswith("dlt+") else "delta" if kind.startswith("delta+") else kind
    found = _BY_KIND.get(_SAME.get(kind, kind))
    return found or KindShown(kind, kind, "database", Title("", ""))
