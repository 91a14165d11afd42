"""Churn with the Python client: `churn.py MODE NAMESPACE KUBECONFIG...` writes or watches through the API servers of the
kubeconfigs until its standard input ends, and tells what it did and saw as lines of JSON."""

import json
import sys
import threading
import time

import urllib3
from kubernetes import client, config, dynamic, watch
from kubernetes.stream import stream

SELECTOR = "churn=yes"
over = threading.Event()
AWAY = (client.ApiException, urllib3.exceptions.HTTPError, OSError)


def tell(kind, who, **more):
    print(json.dumps({"kind": kind, "who": who, **more}), flush=True)


def change(kind, who, event, name, uid, seq, rv):
    tell(kind, who, type=event, name=name, uid=uid, seq=int(seq), rv=int(rv))


def settle(apis, namespace, name, seq, do):
    """Does a write until it is known to have been done: where the answer was lost, the object tells."""
    for attempt in range(300):
        api = apis[attempt % len(apis)]
        try:
            return do(api)
        except AWAY as error:
            trouble = error
        try:
            now = api.read_namespaced_config_map(name, namespace, _request_timeout=10)
            if now.data["seq"] == str(seq):
                return now
        except AWAY as error:
            trouble = error
        time.sleep(0.2)
    sys.exit(f"no write goes through: {trouble}")


def write(namespace, clients):
    apis = [client.CoreV1Api(c) for c in clients]
    number = 0
    while not over.is_set():
        name = f"python-{number}"
        number += 1
        at = {"name": name, "namespace": namespace, "_request_timeout": 10}
        made = client.V1ConfigMap(
            metadata=client.V1ObjectMeta(name=name, labels={"churn": "yes"}), data={"seq": "1"}
        )
        now = settle(
            apis, namespace, name, 1,
            lambda api: api.create_namespaced_config_map(namespace, made, _request_timeout=10),
        )
        uid = now.metadata.uid
        change("wrote", "python-writer", "ADDED", name, uid, 1, now.metadata.resource_version)
        for seq in range(2, 8):
            def put(api, seq=seq):
                if seq % 2 == 0:
                    return api.patch_namespaced_config_map(body={"data": {"seq": str(seq)}}, **at)
                body = api.read_namespaced_config_map(**at)
                if body.data["seq"] == str(seq):
                    return body
                body.data["seq"] = str(seq)
                return api.replace_namespaced_config_map(body=body, **at)

            now = settle(apis, namespace, name, seq, put)
            change("wrote", "python-writer", "MODIFIED", name, uid, seq, now.metadata.resource_version)
            time.sleep(0.02)
        if number % 4 != 0:
            remove(apis, at, uid)
            change("wrote", "python-writer", "DELETED", name, uid, 7, 0)


def remove(apis, at, uid):
    options = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid=uid))
    for attempt in range(300):
        try:
            apis[attempt % len(apis)].delete_namespaced_config_map(body=options, **at)
            return
        except AWAY as error:
            if getattr(error, "status", 0) == 404:
                return
            trouble = error
        time.sleep(0.2)
    sys.exit(f"no deletion goes through: {trouble}")


def follow(namespace, clients):
    """Follows a watch to its end and goes on with the next server where it was: it never lists again."""
    apis = [client.CoreV1Api(c) for c in clients]
    at = apis[0].list_namespaced_config_map(namespace, label_selector=SELECTOR)
    assert not at.items, "the namespace is not as it should be"
    revision = at.metadata.resource_version
    tell("ready", "python-watcher")
    turn = 0
    while not over.is_set():
        turn += 1
        options = {"label_selector": SELECTOR, "resource_version": revision, "allow_watch_bookmarks": True,
                   "timeout_seconds": 20}
        watcher = watch.Watch()
        list_call = apis[turn % len(apis)].list_namespaced_config_map
        try:
            for event in watcher.stream(list_call, namespace, **options):
                raw = event["raw_object"]
                if event["type"] == "ERROR":
                    raise client.ApiException(status=raw.get("code"), reason=raw.get("message"))
                meta = raw["metadata"]
                revision = meta["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    seq = raw["data"]["seq"]
                    change("saw", "python-watcher", event["type"], meta["name"], meta["uid"], seq, revision)
                if over.is_set():
                    break
        except AWAY as error:
            tell("again", "python-watcher", text=str(error)[:200])
            over.wait(0.3)


def use(namespace, clients):
    """Runs a command in a Pod, and asks the dynamic client, over and over; who is away is asked again later."""
    number = 0
    while not over.is_set():
        number += 1
        one = clients[number % len(clients)]
        word = f"word-{number}"
        try:
            pods = dynamic.DynamicClient(one).resources.get(api_version="v1", kind="Pod")
            assert pods.get(name="churn", namespace=namespace).metadata.name == "churn"
            tell("used", "python-dynamic")
            answer = stream(
                client.CoreV1Api(one).connect_get_namespaced_pod_exec, "churn", namespace,
                command=["echo", word], stdout=True, stderr=True, _request_timeout=10,
            )
            if answer.strip() not in (word, ""):
                sys.exit(f"exec answered {answer!r}, not {word!r}")
            tell("used" if answer else "failed", "python-exec")
        except Exception as error:  # the streaming and dynamic clients have many words for "away"
            if isinstance(error, AssertionError):
                raise
            tell("failed", "python-use", text=f"{type(error).__name__}: {error}"[:200])
        over.wait(2)


def main():
    mode, namespace, *paths = sys.argv[1:]
    clients = [config.new_client_from_config(path) for path in paths]
    work = threading.Thread(target={"write": write, "watch": follow, "use": use}[mode], args=(namespace, clients))
    work.start()
    sys.stdin.read()
    over.set()
    work.join()


main()
