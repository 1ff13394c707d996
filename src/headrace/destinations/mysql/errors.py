"""What the errors of MySQL and MariaDB mean for a person.

What the server says may hold row values: only that is repeated which cannot.
"""

from __future__ import annotations

import ssl

from headrace.destinations.mysql.address import Address
from headrace.errors import BadRows, Bug, HeadraceError, Refused, TablesChanged, Unavailable

READ_ONLY = {1290, 1792, 1836}
_TRY_AGAIN = {
    0,  # PyMySQL: the connection is closed
    1020, 1099, 1192, 1205, 1206, 1213, 1412, 3101, 3572,  # locks and conflicts
    1047, 1053, 1077, 1079, 1080, 1152, 1156, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 1969, 3024,
    3169, 4031,  # the server ends a connection or a statement
    1040, 1041, 1135, 1203, 1226,  # too many of something
    1021, 1026, 1030, 1037, 1038, 1114, 1180, 1637,  # space and other resources
    1050, 1051, 1091,  # two made or dropped the same thing at one moment
}  # fmt: skip
_RIGHTS = {
    1043, 1044, 1045, 1046, 1049, 1129, 1130, 1142, 1143, 1227, 1251, 1275, 1698, 1820, 1862, 3118,
    3159, 4151, 2026, 2049, 2054, 2058, 2059, 2061,
}  # fmt: skip
_VALUES = {
    1048, 1062, 1169, 1263, 1264, 1265, 1292, 1300, 1301, 1364, 1365, 1366, 1367, 1406, 1411, 1441,
    1525, 1586, 1690, 3140,  # a value
    1216, 1217, 1369, 1451, 1452, 1526, 1748, 1761, 3819, 4025,  # a rule
    1242, 1423, 1442, 1644,  # a trigger
    1118, 1713,  # the row's size
}  # fmt: skip
_ALTERED = {1054, 1109, 1136, 1146, 1176, 1364, 1932}
_NAMES = {1059, 1060, 1102, 1103, 1166, 1280, 1300, 1406}
_SETTINGS = {1117, 1118, 1193, 1197, 1231, 1273, 1286, 1665, 3098}
_PYMYSQL = range(2000, 3000)


def sorted_error(
    error: Exception, address: Address, table: str = "", *, connecting: bool = False
) -> HeadraceError:
    """See `Dialect.sorted_error`. `connecting`: the server was not yet known to be one."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else -1
    said = next((text.rstrip(".") for text in error.args if isinstance(text, str)), "")
    if table and code in _VALUES:
        return BadRows(
            f"MySQL refused a row of table {table} ({code}).", table=table,
            advice="Look for a rule (a unique index, a CHECK, NOT NULL, a trigger) that somebody"
            " added to the table.",
        )  # fmt: skip
    if code in _RIGHTS or isinstance(getattr(error, "original_exception", None), ssl.SSLError):
        return Refused(
            f"MySQL refuses {address}: {said} ({code}).",
            advice="Mend the URL, or the user's rights: SELECT, INSERT, UPDATE, DELETE, CREATE,"
            " ALTER and DROP on the database, which must exist.",
        )
    if code in READ_ONLY:
        return Unavailable(
            f"MySQL takes no writes at present: {address} ({code}).",
            advice="If it stays so, name the server that may be written to.",
        )
    if code in _TRY_AGAIN or code in _PYMYSQL or (code == -1 and not connecting):
        return Unavailable(
            f"MySQL could not finish on {address}: {said or 'not connected'}"
            f"{f' ({code})' if code > 0 else ''}.",
            advice="Look whether the server runs, can be reached and has free space, and whether"
            " somebody else holds a lock.",
        )
    return _mended(error, code, said, address)


def _mended(error: Exception, code: int, said: str, address: Address) -> HeadraceError:
    if code == -1:
        return Refused(
            f"What answers for {address} does not speak like MySQL or MariaDB.",
            advice="Mend the host or the port.",
        )
    if code in _ALTERED:
        return TablesChanged(
            f"A table in {address} is not as Headrace made it ({code}).",
            advice="Start the task again: missing tables and columns are made and filled. If that"
            " does not help, drop the table.",
        )
    if code in _NAMES:
        return Refused(
            f"MySQL cannot take a name of a table, a column or a task ({code}).",
            advice="Give it another name, of at most 64 characters.",
        )
    if code in _SETTINGS:
        return Refused(
            f"MySQL is not set up for this: {said} ({code}).",
            advice="Mend the server's settings, or name another server.",
        )
    return Bug(f"MySQL refused a statement ({type(error).__name__}, {code}).")
