"""Which commands are there? The ``ezazml`` program: loads a command's module only when it is called."""

from __future__ import annotations

import importlib
import io
import keyword
import os
import sys
import traceback

import click

from ezazml import __version__
from ezazml.errors import EzazmlError

#: Command -> (module, one line of help). The help stands here, so that ``--help`` imports no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("ezazml.cli.init", "Make a project of your own from this one."),
    "config": ("ezazml.cli.config", "Show, validate and describe the configuration of environments."),
    "synth": ("ezazml.cli.environment", "Synthesise an environment's stack to Terraform JSON."),
    "plan": ("ezazml.cli.plan", "Show what a deployment would change."),
    "deploy": ("ezazml.cli.plan", "Create or update an environment."),
    "destroy": ("ezazml.cli.destroy", "Remove an environment."),
    "unlock": ("ezazml.cli.unlock", "Break the lock on an environment's state."),
    "purge": ("ezazml.cli.repair", "Remove for good what Azure keeps of a deleted environment."),
    "recover": ("ezazml.cli.repair", "Bring back what Azure keeps of a deleted environment, and import it."),
    "import": ("ezazml.cli.repair", "Take over what exists in Azure and is not in the environment's state."),
    "drift": ("ezazml.cli.repair", "Report what was changed in Azure since the deployment."),
    "doctor": ("ezazml.cli.doctor", "Check programs, login, roles, names and quota, each with its fix."),
    "show": ("ezazml.cli.environment", "List an environment's resources, outputs and links."),
    "graph": ("ezazml.cli.environment", "Draw an environment as SVG and mermaid."),
    "rotate-secret": ("ezazml.cli.secrets", "Make a new client secret for the project's application."),
    "bootstrap": ("ezazml.cli.bootstrap", "Make the state storage and the deploying identity of an environment."),
    "promotion": ("ezazml.cli.promotion", "Show which branch or tag deploys which environment."),
    "ci": ("ezazml.cli.ci", "Steps of the workflows: what to plan, comments, saved plans, summaries, set-up."),
    "env": ("ezazml.cli.feature", "An isolated environment for a branch: create, list, expired, destroy."),
    "assets": ("ezazml.cli.assets", "What the workspace holds: plan and apply the files in assets/."),
    "create-or-update-adls-datastore": ("ezazml.cli.data", "Register a container as a datastore."),
    "upload-file-to-datastore": ("ezazml.cli.data", "Upload a file or folder to a datastore."),
    "create-mltable": ("ezazml.cli.data", "Make an MLTable of files, folders, globs and addresses."),
    "create-dataset": ("ezazml.cli.data", "Register a file, folder, MLTable or address as a data asset."),
    "get-dataframe": ("ezazml.cli.data_reading", "Load data as a dataframe: print it or write it to a file."),
    "get-uri": ("ezazml.cli.data_reading", "Print the address of data."),
    "copy-data": ("ezazml.cli.data_reading", "Copy data between datastores, as a job."),
    "inspect-data": ("ezazml.cli.data_reading", "Show an MLTable's paths and first rows, as a job or here."),
    "train": ("ezazml.cli.lifecycle_training", "Submit a training job and follow its log."),
    "jobs": ("ezazml.cli.lifecycle_training", "Jobs of the workspace: list, show, stream, cancel."),
    "model": ("ezazml.cli.lifecycle_models", "Registered models: register, promote, list, show, compare."),
    "gate": ("ezazml.cli.lifecycle_models", "May a model be deployed? Bounds, and comparison with the champion."),
    "endpoint": ("ezazml.cli.lifecycle_endpoints", "Online endpoints: deploy, rollback, invoke, logs, keys, status."),
    "batch": ("ezazml.cli.lifecycle_batch", "Batch endpoints: deploy, run."),
    "monitor": ("ezazml.cli.lifecycle_monitoring", "Monitors, logs and queries: apply, show, logs, query."),
    "schedule": ("ezazml.cli.lifecycle_monitoring", "Schedules such as retraining: enable, disable, list."),
    "sandbox": ("ezazml.cli.sandbox", "Azure on this machine: up, status, reset, down, env, run, faults."),
    "demo": ("ezazml.cli.demo", "Deploy into the sandbox and show what exists, step by step."),
}


class LazyGroup(click.Group):
    """A click group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of :data:`COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, or ``None``."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        function = cmd_name.replace("-", "_")
        command: click.Command = getattr(module, f"{function}_" if keyword.iskeyword(function) else function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, envvar="EZAZML_DEBUG", help="Show tracebacks and debug messages.")
@click.version_option(__version__, prog_name="ezazml")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:
    """EZAZ ML: an MLOps platform on Azure from one project, with CDK for Terraform."""
    context.obj = {"debug": debug}
    # One form for all who read it: EZAZML_DEBUG=0 is off.
    os.environ.pop("EZAZML_DEBUG", None)
    if debug:
        os.environ["EZAZML_DEBUG"] = "1"
        _show_debug_messages()


def main(arguments: list[str] | None = None) -> None:
    """Run the program. Exit codes: 0 done, 1 the operation failed, 2 wrong input, 130 interrupted."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal or a pipe that cannot show a character shows another one: no reason to fail.
        sys.stdout.reconfigure(errors="replace")
    try:
        # Outside of its standalone mode click returns the exit code that a command asked for.
        code = cli.main(args=arguments, prog_name="ezazml", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort as stop:
        click.echo("Interrupted.", err=True)
        # What goes on without this program, told by whoever was interrupted.
        for note in getattr(stop.__cause__, "__notes__", ()):
            click.echo(note, err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except EzazmlError as error:
        _tell(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:  # whoever read our output, such as head, has enough
        _give_up_output()
        sys.exit(1)
    except OSError as error:
        _tell(f"{error.filename or 'writing'}: {error.strerror}." if error.strerror else str(error))
        _give_up_output()
        sys.exit(1)


def _show_debug_messages() -> None:
    """Ours only: those of libraries may hold what nobody should see, such as headers of requests."""
    import logging  # noqa: PLC0415 - most commands run without it

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    logger = logging.getLogger("ezazml")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def _tell(message: str) -> None:
    if os.environ.get("EZAZML_DEBUG"):
        traceback.print_exc()
    click.secho("Error: ", fg="red", bold=True, err=True, nl=False)
    click.echo(message, err=True)


def _give_up_output() -> None:
    """Python writes the rest of the output when it ends: where that fails too, it must not fail again then."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
