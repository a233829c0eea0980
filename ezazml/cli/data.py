"""Commands that put data into a workspace: datastores, uploads, MLTables and data assets."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ezazml.cli.common import output_option, print_json, print_table
from ezazml.cli.data_work import (
    byte_progress,
    datastore_option,
    env_option,
    print_asset,
    report,
    size_text,
    split,
    start_work,
)
from ezazml.errors import InputError
from ezazml.progress import progress

if TYPE_CHECKING:
    from ezazml.operations.data import DataWork
    from jobs.data.table import TableOptions

_version_option = click.option("--version", metavar="NUMBER", help="Default: the next one.")


@click.command("create-or-update-adls-datastore")
@env_option
@click.option("--name", help="Default: ABDS_NAME.")
@click.option("--account-name", help="Default: ABDS_ACCOUNT_NAME, else the workspace's own account.")
@click.option("--container-name", help="Default: ABDS_CONTAINER_NAME.")
@click.option("--protocol", type=click.Choice(["https", "wasbs", "abfss"]), help="abfss makes it ADLS Gen2.")
@click.option("--description", help="Default: ABDS_DESCRIPTION.")
@click.option("--identity", is_flag=True, help="Access by identity, also where ADLS_ACCOUNT_KEY is set.")
@click.option("--check/--no-check", default=True, help="Look first whether the container exists.")
@output_option
def create_or_update_adls_datastore(
    environment: str | None,
    *,
    name: str | None,
    account_name: str | None,
    container_name: str | None,
    protocol: str | None,
    description: str | None,
    identity: bool,
    check: bool,
    output: str,
) -> None:
    """Register a container of blob storage or ADLS Gen2 as a datastore of the workspace."""
    from jobs.data.datastores import create_or_update, request_from  # noqa: PLC0415 - imports the SDKs

    work = start_work(environment)
    own = None
    if not (account_name or work.settings.datastore.account_name):
        own = work.connection.deployment.storage_account
    request = request_from(
        work.settings.datastore,
        name=name,
        account=account_name,
        container=container_name,
        protocol=protocol,
        description=description,
        use_key=not identity,
        default_account=own,
    )
    with progress(f"Creating datastore {request.name}", quiet=output == "json"):
        made = create_or_update(work.connection, request, check=check)
    access = "account key" if request.account_key else "identity"
    report({**dataclasses.asdict(made), "access": access}, output, f"Datastore {made.name}")


@click.command("upload-file-to-datastore")
@click.argument("path", type=click.Path(path_type=Path))
@env_option
@datastore_option
@click.option("--target-path", default="", help="Folder in the datastore. Default: its root.")
@click.option(
    "--mode",
    type=click.Choice(["overwrite", "append", "fail_on_file_conflict"]),
    default="fail_on_file_conflict",
    show_default=True,
    help="Names that exist: replace them, leave them alone, or upload nothing.",
)
@click.option("--workers", type=click.IntRange(1, 32), default=8, show_default=True, help="Requests at the same time.")
@output_option
def upload_file_to_datastore(
    path: Path,
    environment: str | None,
    *,
    datastore: str | None,
    target_path: str,
    mode: str,
    workers: int,
    output: str,
) -> None:
    """Upload a file or folder; what is there with the same content is not sent again."""
    from jobs.data.datastores import find_datastore  # noqa: PLC0415
    from jobs.data.upload import UploadMode, upload  # noqa: PLC0415
    from jobs.data.uri import datastore_uri  # noqa: PLC0415

    work = start_work(environment)
    target = find_datastore(work.connection, datastore)
    with progress(f"Uploading {path}", quiet=output == "json") as show:
        result = upload(
            path,
            container=target.client(work.connection),
            prefix=target_path,
            mode=UploadMode(mode),
            workers=workers,
            on_progress=byte_progress(show),
        )
    place = f"{result.prefix}/{path.name}" if path.is_file() else result.prefix
    uri = datastore_uri(work.connection.deployment, target.name, place)
    if output == "json":
        print_json({**dataclasses.asdict(result), "uri": uri})
        return
    kept = f", {len(result.kept)} with another content left alone" if result.kept else ""
    click.echo(f"{len(result.uploaded)} uploaded ({size_text(result.bytes)}), {len(result.skipped)} were there{kept}.")
    click.echo(uri)


@click.command("create-mltable")
@click.argument("paths", nargs=-1)
@env_option
@click.option("--extension", type=click.Choice(["csv", "parquet", "json", "delta"]), envvar="DATA_INPUTS_EXTENSION")
@click.option(
    "--headers",
    type=click.Choice(["all_files_same_headers", "all_files_different_headers", "from_first_file", "no_header"]),
    envvar="DATA_HEADERS",
    help="Header rows of CSV files.",
)
@click.option(
    "--infer-column-types/--no-infer-column-types",
    default=None,
    envvar="DATA_INFER_COLUMN_TYPES_CSV",
    help="Off: every column of a CSV is text.",
)
@click.option("--include-path-column", is_flag=True, help="Add a column that says which file a row is from.")
@click.option("--keep-columns", envvar="DATA_INPUT_KEEP_COLUMNS", metavar="A,B", help="Only these columns.")
@click.option("--drop-columns", envvar="DATA_INPUT_DROP_COLUMNS", metavar="A,B", help="All but these columns.")
@click.option("--filter", "filter_", metavar="EXPRESSION", help="Only these rows, such as \"col('age') > 30\".")
@click.option("--delimiter", help=r"Between the columns of a CSV; \t is a tab. Default: a comma, for .tsv files a tab.")
@click.option("--encoding", default="utf8", show_default=True, help="utf8, utf16, latin1, windows1252 or iso88591.")
@click.option("--delta-version", type=click.IntRange(0), help="State of a Delta table by version.")
@click.option("--delta-timestamp", help="State of a Delta table by time, such as 2026-01-31T00:00:00Z.")
@click.option("--save-path", type=click.Path(path_type=Path), envvar="DATA_MLTABLE_SAVE_PATH", help="Folder.")
@click.option("--colocated", is_flag=True, help="Copy local data into the folder, so that it can be moved.")
@click.option("--check/--no-check", default=True, help="Read first rows, look whether addresses exist.")
@click.option("--register/--no-register", default=False, help="Upload it and make it a data asset.")
@click.option("--name", help="Of the data asset. Default: the folder's name.")
@click.option("--description", envvar="DATA_DESCRIPTION", help="Of the data asset.")
@_version_option
@datastore_option
@output_option
def create_mltable(paths: tuple[str, ...], environment: str | None, *, output: str, **given: Any) -> None:
    """Make an MLTable of PATHS: files, folders, globs, http(s), wasbs, abfss and azureml addresses, also mixed."""
    from ezazml.operations.data import TableRequest, make_table  # noqa: PLC0415 - imports the SDKs

    work = start_work(environment)
    paths = paths or split(os.environ.get("DATA_PATH") or work.settings.data.path)
    request = TableRequest(
        paths=paths,
        options=_table_options(work, given, paths),
        save_path=given["save_path"] or work.settings.data.mltable_save_path,
        name=given["name"],
        check=given["check"],
        colocated=given["colocated"],
        is_registered=given["register"],
        description=given["description"] or work.settings.data.description,
        version=given["version"],
        datastore=given["datastore"],
    )
    with progress("Making the MLTable", quiet=output == "json") as show:
        made = make_table(work, request, base=Path.cwd(), on_bytes=byte_progress(show))
    table, asset = made.table, made.asset
    if output == "json":
        print_json({**dataclasses.asdict(table), "asset": dataclasses.asdict(asset) if asset else None})
        return
    if table.columns:
        rows = [[str(value) for value in row.values()] for row in table.rows]
        print_table("First rows", table.columns, rows)
    if not table.is_checked:
        click.echo("Not all of the data is on this machine; its rows were not read.")
    click.echo(f"Wrote {table.folder}")
    if asset:
        print_asset(asset)


def _require_meaning(extension: str) -> None:
    """Raise :class:`InputError` for an option on the command line that files of the extension know nothing of."""
    without = {"csv": (), "json": ("headers", "delimiter", "infer_column_types")}
    context = click.get_current_context()
    for name in without.get(extension, ("headers", "delimiter", "infer_column_types", "encoding")):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = name.replace("_", "-")
            raise InputError(f"--{option} does nothing for {extension}: it is of CSV files.", hint="Leave it out.")


def _table_options(work: DataWork, given: dict[str, Any], paths: tuple[str, ...]) -> TableOptions:
    """Options on the command line, else the environment's settings (DATA_INPUTS_EXTENSION and the others)."""
    from jobs.data.table import TableOptions  # noqa: PLC0415

    defaults = work.settings.data
    delimiter = "\t" if paths and all(path.lower().endswith(".tsv") for path in paths) else ","
    if given["delimiter"] is not None:
        delimiter = given["delimiter"].replace(r"\t", "\t")  # shells do not make a tab of it
    _require_meaning(given["extension"] or defaults.extension)
    infer = given["infer_column_types"]
    return TableOptions(
        extension=given["extension"] or defaults.extension,
        headers=given["headers"] or defaults.headers,
        infer_column_types=defaults.infer_column_types if infer is None else infer,
        include_path_column=given["include_path_column"],
        keep_columns=split(given["keep_columns"]) or defaults.keep_columns,
        drop_columns=split(given["drop_columns"]) or defaults.drop_columns,
        filter=given["filter_"],
        delimiter=delimiter,
        encoding=given["encoding"],
        delta_version=given["delta_version"],
        delta_timestamp=given["delta_timestamp"],
    )


@click.command("create-dataset")
@click.argument("source")
@env_option
@click.option("--name", required=True, help="Of the data asset.")
@click.option(
    "--type", "type_", type=click.Choice(["uri_file", "uri_folder", "mltable"]), help="Default: what is there."
)
@click.option("--description", envvar="DATA_DESCRIPTION", help="Of the data asset.")
@_version_option
@datastore_option
@output_option
def create_dataset(
    source: str,
    environment: str | None,
    *,
    name: str,
    type_: str | None,
    description: str | None,
    version: str | None,
    datastore: str | None,
    output: str,
) -> None:
    """Register SOURCE as a data asset: a local file, folder or MLTable (uploaded), or an address."""
    from ezazml.operations.data import make_dataset  # noqa: PLC0415

    work = start_work(environment)
    with progress(f"Registering {name}", quiet=output == "json") as show:
        asset = make_dataset(
            work,
            source,
            base=Path.cwd(),
            name=name,
            type=type_,
            description=description or work.settings.data.description,
            version=version,
            datastore=datastore,
            on_bytes=byte_progress(show),
        )
    if output == "json":
        print_json(dataclasses.asdict(asset))
    else:
        print_asset(asset)
