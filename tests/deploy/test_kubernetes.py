"""What no schema can say of the manifests: that they fit the service and each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.deploy_files import ADAPTER, KUBERNETES, read_manifest, read_yaml

if TYPE_CHECKING:
    from tests.deploy.conftest import ServiceFacts

POD: dict[str, Any] = read_manifest("Deployment")["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
LABELS = read_manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
PROBES = ["startupProbe", "readinessProbe", "livenessProbe"]


def test_a_pod_may_do_nothing_it_does_not_need(service_facts: ServiceFacts) -> None:
    rights = POD["securityContext"]

    assert rights["runAsNonRoot"] is True
    assert rights["runAsUser"] == rights["runAsGroup"] == service_facts.user
    assert rights["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["automountServiceAccountToken"] is False
    account = read_manifest("ServiceAccount")
    assert POD["serviceAccountName"] == account["metadata"]["name"]
    assert account["automountServiceAccountToken"] is False


def test_the_port_is_the_service_s(service_facts: ServiceFacts) -> None:
    (port,) = CONTAINER["ports"]
    (balanced,) = read_manifest("Service")["spec"]["ports"]
    (rule,) = read_manifest("NetworkPolicy")["spec"]["ingress"]
    annotations = read_manifest("Deployment")["spec"]["template"]["metadata"]["annotations"]

    assert port["containerPort"] == service_facts.port
    assert balanced["targetPort"] == rule["ports"][0]["port"] == port["name"]
    assert annotations["prometheus.io/port"] == str(service_facts.port)
    assert annotations["prometheus.io/path"] in service_facts.routes


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_asks_a_route_of_the_service_and_outwaits_it(
    name: str, service_facts: ServiceFacts
) -> None:
    probe = CONTAINER[name]

    assert probe["httpGet"]["path"] in service_facts.routes
    assert probe["httpGet"]["port"] == CONTAINER["ports"][0]["name"]
    assert probe["timeoutSeconds"] > service_facts.probe_timeout_s


def test_a_dead_runner_takes_a_pod_out_of_traffic_and_does_not_restart_it() -> None:
    asked = {name: CONTAINER[name]["httpGet"]["path"] for name in PROBES}

    assert asked == {
        "startupProbe": "/readyz",
        "readinessProbe": "/readyz",
        "livenessProbe": "/livez",
    }


def test_requests_in_flight_are_answered_before_a_pod_ends(service_facts: ServiceFacts) -> None:
    pause_s = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert POD["terminationGracePeriodSeconds"] > pause_s + service_facts.timeout_s


def test_what_the_service_writes_goes_to_memory_and_the_store_is_read_only() -> None:
    settings = read_manifest("ConfigMap")["data"]
    mounts = {mount["name"]: mount for mount in CONTAINER["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in POD["volumes"]}

    assert set(mounts) == set(volumes) == {"tmp", "history"}
    for name in ("BENTOML_HOME", "CREDIT_HOME"):
        assert settings[name].startswith(mounts["tmp"]["mountPath"] + "/")
    assert volumes["tmp"]["emptyDir"]["medium"] == "Memory"
    assert settings["CREDIT_HISTORY_STORE"].startswith(mounts["history"]["mountPath"] + "/")
    claim = volumes["history"]["persistentVolumeClaim"]
    assert mounts["history"]["readOnly"] is claim["readOnly"] is True
    assert claim["claimName"] == read_manifest("PersistentVolumeClaim")["metadata"]["name"]


def test_settings_come_from_the_config_map_and_secrets_from_the_cluster_alone() -> None:
    name = read_manifest("ConfigMap")["metadata"]["name"]

    assert CONTAINER["envFrom"] == [
        {"configMapRef": {"name": name}},
        {"secretRef": {"name": name}},  # not optional: without a key the service does not start
    ]
    assert "env" not in CONTAINER
    assert [file for file in KUBERNETES.glob("*.yaml") if read_yaml(file)["kind"] == "Secret"] == []


def test_memory_is_limited_and_the_processor_is_not() -> None:
    resources = CONTAINER["resources"]

    assert set(resources["requests"]) == {"cpu", "memory"}
    assert set(resources["limits"]) == {"memory"}


def test_every_selector_finds_the_pods() -> None:
    selectors = [
        read_manifest("Deployment")["spec"]["selector"]["matchLabels"],
        read_manifest("Service")["spec"]["selector"],
        read_manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        read_manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]

    assert all(selector.items() <= LABELS.items() for selector in selectors)


def test_the_autoscaler_scales_the_deployment_by_what_the_adapter_offers() -> None:
    spec = read_manifest("HorizontalPodAutoscaler")["spec"]
    deployment = read_manifest("Deployment")
    (metric,) = spec["metrics"]
    (rule,) = read_yaml(ADAPTER)["rules"]["custom"]

    assert spec["scaleTargetRef"] == {
        "apiVersion": deployment["apiVersion"],
        "kind": "Deployment",
        "name": deployment["metadata"]["name"],
    }
    assert "replicas" not in deployment["spec"]  # else every `apply` would undo the autoscaler
    assert metric["pods"]["metric"]["name"] == rule["name"]["as"]
    assert set(rule["resources"]["overrides"]) == {"namespace", "pod"}


def test_a_drain_leaves_a_replica() -> None:
    fewest = read_manifest("HorizontalPodAutoscaler")["spec"]["minReplicas"]

    assert read_manifest("PodDisruptionBudget")["spec"]["maxUnavailable"] < fewest


def test_nothing_is_asked_of_the_network() -> None:
    policy = read_manifest("NetworkPolicy")["spec"]

    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    assert [rule["ports"][0]["port"] for rule in policy["egress"]] == [5432, 53]
    assert all(rule["to"] for rule in policy["egress"])


def test_the_operator_scrapes_the_port_of_the_service_and_leaves_its_labels_alone() -> None:
    monitor = read_yaml(ADAPTER.with_name("servicemonitor.yaml"))["spec"]
    service = read_manifest("Service")
    kustomized = read_yaml(KUBERNETES / "kustomization.yaml")["labels"][0]["pairs"]
    (endpoint,) = monitor["endpoints"]

    labels = service["metadata"]["labels"] | kustomized
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]
    assert endpoint["honorLabels"] is True
