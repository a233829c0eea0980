"""Which tables does the sandbox's Azure Monitor have, with which columns?

Names and types are those of Microsoft Learn, "Azure Monitor Logs table reference". Application Insights shows its
tables under names of its own ("traces" instead of "AppTraces"), with other names of the columns.
"""

from __future__ import annotations

from collections.abc import Mapping

Columns = Mapping[str, str]

TIME = "TimeGenerated"
#: What every table has.
_EVERYWHERE: Columns = {"Type": "string", "_ResourceId": "string"}
_APPLICATION: Columns = {
    TIME: "datetime",
    "Properties": "dynamic",
    "OperationName": "string",
    "OperationId": "string",
    "ParentId": "string",
    "AppRoleName": "string",
    "AppRoleInstance": "string",
    "SDKVersion": "string",
    "IKey": "string",
    "ItemCount": "int",
}
#: Tables of Application Insights.
APPLICATION: Mapping[str, Columns] = {
    "AppTraces": {**_APPLICATION, "Message": "string", "SeverityLevel": "int", **_EVERYWHERE},
    "AppRequests": {
        **_APPLICATION,
        "Id": "string",
        "Name": "string",
        "Url": "string",
        "Success": "bool",
        "ResultCode": "string",
        "DurationMs": "real",
        **_EVERYWHERE,
    },
    "AppDependencies": {
        **_APPLICATION,
        "Id": "string",
        "Name": "string",
        "Target": "string",
        "Data": "string",
        "DependencyType": "string",
        "Success": "bool",
        "ResultCode": "string",
        "DurationMs": "real",
        **_EVERYWHERE,
    },
    "AppExceptions": {
        **_APPLICATION,
        "ExceptionType": "string",
        "OuterMessage": "string",
        "ProblemId": "string",
        "SeverityLevel": "int",
        "Details": "dynamic",
        **_EVERYWHERE,
    },
    "AppEvents": {**_APPLICATION, "Name": "string", **_EVERYWHERE},
    "AppMetrics": {
        **_APPLICATION,
        "Name": "string",
        "Sum": "real",
        "Min": "real",
        "Max": "real",
        **_EVERYWHERE,
    },
}
_ENDPOINT: Columns = {
    TIME: "datetime",
    "OperationName": "string",
    "AzureMLWorkspaceId": "string",
    "AzureMLWorkspaceName": "string",
    "EndpointName": "string",
    "DeploymentName": "string",
    "Location": "string",
}
_CONTAINER: Columns = {**_ENDPOINT, "InstanceId": "string", "Message": "string", **_EVERYWHERE}
#: Tables that resources fill through their diagnostic settings; each is a category of logs of the same name.
PLATFORM: Mapping[str, Columns] = {
    "AmlOnlineEndpointTrafficLog": {
        **_ENDPOINT,
        "Method": "string",
        "Path": "string",
        "SubscriptionId": "string",
        "Protocol": "string",
        "ResponseCode": "int",
        "ResponseCodeReason": "string",
        "ModelStatusCode": "int",
        "ModelStatusReason": "string",
        "RequestPayloadSize": "int",
        "ResponsePayloadSize": "int",
        "UserAgent": "string",
        "XRequestId": "string",
        "XMSClientRequestId": "string",
        "TotalDurationMs": "int",
        **_EVERYWHERE,
    },
    "AmlOnlineEndpointConsoleLog": {**_CONTAINER, "ContainerName": "string"},
    "AmlOnlineEndpointEventLog": {**_CONTAINER, "Name": "string"},
}
_COMMON_NAMES = {
    "timestamp": TIME,
    "customDimensions": "Properties",
    "operation_Name": "OperationName",
    "operation_Id": "OperationId",
    "operation_ParentId": "ParentId",
    "cloud_RoleName": "AppRoleName",
    "cloud_RoleInstance": "AppRoleInstance",
    "sdkVersion": "SDKVersion",
    "iKey": "IKey",
    "itemCount": "ItemCount",
}
_CALL_NAMES = {"id": "Id", "name": "Name", "success": "Success", "resultCode": "ResultCode", "duration": "DurationMs"}
#: Application Insights' own name of a table -> the table, and its names of the columns.
CLASSIC: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "traces": ("AppTraces", {**_COMMON_NAMES, "message": "Message", "severityLevel": "SeverityLevel"}),
    "requests": ("AppRequests", {**_COMMON_NAMES, **_CALL_NAMES, "url": "Url"}),
    "dependencies": (
        "AppDependencies",
        {**_COMMON_NAMES, **_CALL_NAMES, "target": "Target", "data": "Data", "type": "DependencyType"},
    ),
    "exceptions": (
        "AppExceptions",
        {
            **_COMMON_NAMES,
            "type": "ExceptionType",
            "outerMessage": "OuterMessage",
            "problemId": "ProblemId",
            "severityLevel": "SeverityLevel",
            "details": "Details",
        },
    ),
    "customEvents": ("AppEvents", {**_COMMON_NAMES, "name": "Name"}),
    "customMetrics": (
        "AppMetrics",
        {**_COMMON_NAMES, "name": "Name", "valueSum": "Sum", "valueMin": "Min", "valueMax": "Max"},
    ),
}
