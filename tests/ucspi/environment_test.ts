import { assertEquals } from "@std/assert";
import type { Connection } from "../../lib/base/connection.ts";
import {
  asRuled,
  ConnectionEnvironment,
  connectionOf,
  entries,
  InheritedEnvironment,
  ownEnvironment,
} from "../../lib/ucspi/environment.ts";

const connection: Connection = {
  local: { ip: "192.0.2.1", port: 25 },
  remote: { ip: "192.0.2.9", port: 4000 },
  localHost: null,
  remoteHost: null,
  remoteInfo: null,
  variables: [],
  encrypted: false,
};

const connectionEnvironment = (
  inherited: InheritedEnvironment,
  given: Connection,
  variables: Connection["variables"],
) => new ConnectionEnvironment(inherited, { ...given, variables });

const none = new InheritedEnvironment(new Map());

Deno.test("what is unknown is removed, what is ours is set, and rules come last", () => {
  const own = new Map([
    ["PATH", "/bin"],
    ["TCPREMOTEHOST", "stale"],
    ["TCPREMOTEINFO", "stale"],
    ["TCPLOCALHOST", "stale"],
    ["PROTO", "stale"],
  ]);
  const env = connectionEnvironment(new InheritedEnvironment(own), connection, [
    ["RELAYCLIENT", ""],
    ["TCPREMOTEHOST", "by.rule"],
  ]);
  assertEquals(Object.fromEntries(env), {
    PATH: "/bin",
    PROTO: "TCP",
    TCPLOCALIP: "192.0.2.1",
    TCPLOCALPORT: "25",
    TCPREMOTEIP: "192.0.2.9",
    TCPREMOTEPORT: "4000",
    TCPREMOTEHOST: "by.rule",
    RELAYCLIENT: "",
  });
  assertEquals(own.get("TCPREMOTEHOST"), "stale", "the gate's own stays");
  assertEquals(env.entries(), entries(env));
  assertEquals(env.entries().includes("RELAYCLIENT="), true);
});

Deno.test("a rule hides what is inherited, once, and the last one counts", () => {
  const inherited = new InheritedEnvironment(
    new Map([["PATH", "/bin"], ["DATABYTES", "1"], ["HOME", "/"]]),
  );
  const env = connectionEnvironment(inherited, connection, [
    ["DATABYTES", "2"],
    ["DATABYTES", "3"],
  ]);
  assertEquals(env.get("DATABYTES"), "3");
  const list = env.entries();
  assertEquals(
    list.filter((entry) => entry.startsWith("DATABYTES")),
    ["DATABYTES=3"],
  );
  assertEquals(list.slice(0, 2), ["PATH=/bin", "HOME=/"]);
  assertEquals(
    inherited.variables.get("DATABYTES"),
    "1",
    "for the next connection",
  );
});

Deno.test("an empty value is a value", () => {
  const given = { ...connection, localHost: "", remoteInfo: "" };
  const env = connectionEnvironment(none, given, []);
  assertEquals(env.get("TCPLOCALHOST"), "");
  assertEquals(env.get("TCPREMOTEINFO"), "");
  assertEquals(env.has("TCPREMOTEHOST"), false);
});

Deno.test("a client of IPv6 has ucspi-tcp6's names too", () => {
  const own = new Map([["TCP6REMOTEINFO", "stale"]]);
  const v6 = {
    ...connection,
    local: { ip: "2001:db8::1", port: 25 },
    remote: { ip: "fe80::2", port: 4000, interface: "eth0" },
    remoteHost: "mx.example",
  };
  const env = connectionEnvironment(new InheritedEnvironment(own), v6, []);
  assertEquals(Object.fromEntries(env), {
    PROTO: "TCP6",
    TCPLOCALIP: "2001:db8::1",
    TCP6LOCALIP: "2001:db8::1",
    TCPLOCALPORT: "25",
    TCP6LOCALPORT: "25",
    TCPREMOTEIP: "fe80::2",
    TCP6REMOTEIP: "fe80::2",
    TCPREMOTEPORT: "4000",
    TCP6REMOTEPORT: "4000",
    TCPREMOTEHOST: "mx.example",
    TCP6REMOTEHOST: "mx.example",
    TCP6INTERFACE: "eth0",
  });
  const stale = new Map([["TCP6REMOTEIP", "stale"], ["TCP6INTERFACE", "x"]]);
  const v4 = connectionEnvironment(
    new InheritedEnvironment(stale),
    connection,
    [],
  );
  assertEquals([...v4].filter(([name]) => name.startsWith("TCP6")), []);
});

Deno.test("our own environment is what the kernel says", () => {
  assertEquals(ownEnvironment().get("PATH"), Deno.env.get("PATH"));
});

Deno.test("a program learns of a connection what the gate knows of it", () => {
  const known = { ...connection, localHost: "", remoteHost: "h.example" };
  const env = connectionEnvironment(none, known, []);
  assertEquals(connectionOf(env), known);
  assertEquals(connectionOf(new Map()).remote, { ip: "unknown", port: 0 });
  const empty = new Map([["TCPREMOTEIP", ""]]);
  assertEquals(connectionOf(empty).remote, { ip: "", port: 0 });
});

Deno.test("what rules set of a connection is what its protocol is told", () => {
  assertEquals(asRuled(connection), connection);
  const variables = [["TCPREMOTEHOST", "x"], ["TCPREMOTEIP", "::1"]] as const;
  const { remoteHost, remote, local } = asRuled({ ...connection, variables });
  assertEquals([remoteHost, remote.ip, local.ip], ["x", "::1", "192.0.2.1"]);
});
