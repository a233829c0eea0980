"""Commands that look at data or tell where it is: dataframes, addresses, and the jobs that copy and inspect."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from ezazml.cli.common import command_options, output_option, print_json, print_table
from ezazml.cli.data_work import env_option, report, start_work
from ezazml.errors import InputError
from ezazml.progress import progress

_job_options = command_options(
    click.option("--compute", metavar="CLUSTER", help="Default: the environment's first cluster."),
    click.option("--job-environment", metavar="NAME", help="Such as azureml:my-env@latest. Default: one with mltable."),
)
#: Rows that are printed where nobody asks for a number.
_SHOWN_ROWS = 10


@click.command("get-dataframe")
@click.argument("source")
@env_option
@click.option("--version", help="Of the data asset. Default: the latest.")
@click.option("--rows", type=click.IntRange(0), help="Default: 10 printed, all written to a file.")
@click.option(
    "--output",
    "-o",
    default="table",
    show_default=True,
    metavar="table|json|FILE",
    help="FILE ends in .csv, .parquet, .json or .jsonl.",
)
def get_dataframe(source: str, environment: str | None, *, version: str | None, rows: int | None, output: str) -> None:
    """Load SOURCE as a dataframe: a data asset, a local file, folder or MLTable, or an address."""
    from jobs.data.frames import records, require_writable, write_frame  # noqa: PLC0415 - imports the SDKs

    file = None if output in {"table", "json"} else Path(output)
    if file:
        require_writable(file)
    elif rows is None:
        rows = _SHOWN_ROWS
    work = start_work(environment)
    with progress(f"Reading {source}", quiet=True), work.reader() as reader:
        frame = reader.read(source, version=version, rows=rows)
    if file:
        write_frame(frame, file)
        click.echo(f"Wrote {len(frame)} rows to {file}")
    elif output == "json":
        print_json(records(frame))
    else:
        cells = [[str(value) for value in row] for row in frame.itertuples(index=False, name=None)]
        print_table(source, [str(name) for name in frame.columns], cells)


@click.command("get-uri")
@click.argument("path", default="")
@env_option
@click.option(
    "--source", type=click.Choice(["datastore", "databricks", "local"]), default="datastore", show_default=True
)
@click.option("--datastore", metavar="NAME", help="Default: the workspace's default datastore.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["azureml", "azureml-short", "abfss", "wasbs", "https"]),
    default="azureml",
    show_default=True,
    help="Of an address in a datastore.",
)
@output_option
def get_uri(path: str, environment: str | None, *, source: str, datastore: str | None, form: str, output: str) -> None:
    """Print the address of PATH in a datastore, in Databricks or on this machine."""
    from ezazml.operations.data import address_of  # noqa: PLC0415

    uri = address_of(start_work(environment), path, source=source, datastore=datastore, form=form)
    if output == "json":
        print_json({"source": source, "path": path, "uri": uri})
    else:
        click.echo(uri)


@click.command("copy-data")
@click.argument("source")
@click.argument("target")
@env_option
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
@_job_options
@output_option
def copy_data(
    source: str,
    target: str,
    environment: str | None,
    *,
    overwrite: bool,
    compute: str | None,
    job_environment: str | None,
    output: str,
) -> None:
    """Copy SOURCE (an address or azureml:NAME:VERSION) to the folder TARGET of a datastore, as a job in Azure ML."""
    from ezazml.operations.data import submit_copy  # noqa: PLC0415

    work = start_work(environment)
    with progress("Submitting the job", quiet=True):
        job = submit_copy(work, source, target, overwrite=overwrite, compute=compute, environment=job_environment)
    report(dataclasses.asdict(job), output, f"Job {job.name}")


@click.command("inspect-data")
@click.argument("name")
@env_option
@click.option("--version", help="Of the data asset. Default: the latest.")
@click.option("--rows", type=click.IntRange(0), default=5, show_default=True)
@click.option("--local", "is_local", is_flag=True, help="Here, instead of as a job in Azure ML.")
@_job_options
@output_option
def inspect_data(
    name: str,
    environment: str | None,
    *,
    version: str | None,
    rows: int,
    is_local: bool,
    compute: str | None,
    job_environment: str | None,
    output: str,
) -> None:
    """Show the paths and the first rows of the MLTable NAME (a data asset, or with --local also a path or address)."""
    from ezazml.operations.data import submit_inspection  # noqa: PLC0415
    from jobs.data.frames import records  # noqa: PLC0415

    work = start_work(environment)
    if not is_local:
        with progress("Submitting the job", quiet=True):
            job = submit_inspection(work, name, version, rows=rows, compute=compute, environment=job_environment)
        report(dataclasses.asdict(job), output, f"Job {job.name}")
        return
    if compute or job_environment:
        raise InputError("--compute and --job-environment are of the job; --local runs none.", hint="Leave them out.")
    with work.reader() as reader:
        paths = reader.paths(name, version=version)
        frame = reader.read(name, version=version, rows=rows)
    if output == "json":
        print_json({"paths": paths, "columns": [str(column) for column in frame.columns], "rows": records(frame)})
        return
    click.echo("Paths:")
    for path in paths:
        click.echo(f"  {path}")
    cells = [[str(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    print_table(f"First {rows} rows", [str(column) for column in frame.columns], cells)
