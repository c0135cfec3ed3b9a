"""A real Spark Connect server of this machine, small and quick to start: pyspark's own, on Java."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
# One thread and no code generation: the tables are small, and what is generated would be compiled for nothing.
_CONF = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.log.level": "WARN",
    "spark.default.parallelism": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_PATIENCE_SECONDS = 120


def lacking() -> str | None:
    """Why no server can be started here; None where one can."""
    java = os.environ.get("JAVA_HOME", "") and shutil.which("java", path=f"{os.environ['JAVA_HOME']}/bin")
    if not (java or shutil.which("java")):
        return "Spark needs Java 17 or newer, and there is no java here"
    try:
        import pyspark
    except ImportError:
        return "pyspark is not installed"
    return None if (Path(pyspark.__file__).parent / "jars").is_dir() else "pyspark is here as a client only"


@contextmanager
def spark_server(folder: Path) -> Iterator[str]:
    """The address of a server that works in a folder, and is gone afterwards."""
    import pyspark

    home = Path(pyspark.__file__).parent
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    conf = {**_CONF, "spark.connect.grpc.binding.port": str(port), "spark.sql.warehouse.dir": str(folder)}
    command = [str(home / "bin" / "spark-submit"), "--class", _CLASS, "--master", "local[1]"]
    command += ["--driver-memory", "1g", "--driver-java-options", _JAVA]
    command += [part for name, value in conf.items() for part in ("--conf", f"{name}={value}")]
    log = folder / "spark.log"
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder),
    }
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "spark-internal"], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(server, port, log)
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"The Spark server did not start: {log.read_text(errors='replace')[-2000:]}")
