"""What the SDKs raise becomes one line that names what is wrong."""

from __future__ import annotations

import json

import pytest
from azure.core.exceptions import AzureError as CoreError
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

from ezazml.errors import EzazmlError, InputError
from jobs.azure_errors import AzureError, readable_errors, short


def listed(*errors: dict[str, str]) -> str:
    return json.dumps({"result": "Failed", "errors": list(errors)}, indent=2)


def test_a_list_of_mistakes_is_told_with_its_fields() -> None:
    first = {"message": "There is no compute 'a'.\nCode: ResourceNotFound", "path": "jobs.one.compute"}
    second = {"message": "Missing data for required field", "path": "jobs.two.command"}
    text = short(ValueError(listed(first, second, first)))
    assert text == "jobs.one.compute: There is no compute 'a'. jobs.two.command: Missing data for required field."


@pytest.mark.parametrize("text", ["{", "{}", '{"errors": []}', '{"errors": 3}', '{"errors": [3]}', "[1]", "plain"])
def test_any_other_text_is_told_by_its_first_line(text: str) -> None:
    assert short(ValueError(f"{text}\nmore")) == f"{text}."


@pytest.mark.parametrize(
    ("raised", "kind", "said"),
    [
        (ClientAuthenticationError("no token"), AzureError, "Doing it: the login failed: no token. Run `az login`"),
        (HttpResponseError("Nothing left"), AzureError, "Doing it: Nothing left."),
        (CoreError("no route"), AzureError, "Doing it: Azure cannot be reached: no route. Check the network."),
        (InputError("as it is"), InputError, "as it is"),
    ],
)
def test_what_is_raised_says_what_was_tried(raised: Exception, kind: type[EzazmlError], said: str) -> None:
    with pytest.raises(kind) as caught, readable_errors("Doing it"):
        raise raised
    assert str(caught.value).startswith(said)


def test_what_the_sdk_calls_the_callers_mistake_is_wrong_input() -> None:
    class ValidationException(Exception):
        """As azure-ai-ml has it."""

    with pytest.raises(InputError, match="Doing it: this is wrong"), readable_errors("Doing it"):
        try:
            raise ValidationException("this is wrong")
        except ValidationException as error:
            raise CoreError("decorated") from error


def test_a_mistake_that_the_sdk_writes_in_colours_is_wrong_input() -> None:
    from azure.ai.ml.exceptions import MlException

    text = (
        "\x1b[37m\n\x1b[30m\n1) A parameter is missing\x1b[39m\n\nDetails: \n\n\x1b[31m(x) Must be 3.4, 3.5\x1b[39m\n"
    )
    with pytest.raises(InputError) as raised, readable_errors("Schedule watch"):
        raise MlException(message=text, no_personal_data_message=text)
    assert str(raised.value) == "Schedule watch: Must be 3.4, 3.5."
