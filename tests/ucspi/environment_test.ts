import { assertEquals } from "@std/assert";
import {
  connectionEnvironment,
  entries,
  InheritedEnvironment,
  ownEnvironment,
} from "../../lib/ucspi/environment.ts";

const fields = {
  localHost: null,
  localIp: "192.0.2.1",
  localPort: 25,
  remoteHost: null,
  remoteIp: "192.0.2.9",
  remoteInfo: null,
  remotePort: 4000,
};

const none = new InheritedEnvironment(new Map());

Deno.test("what is unknown is removed, what is ours is set, and rules come last", () => {
  const own = new Map([
    ["PATH", "/bin"],
    ["TCPREMOTEHOST", "stale"],
    ["TCPREMOTEINFO", "stale"],
    ["TCPLOCALHOST", "stale"],
    ["PROTO", "stale"],
  ]);
  const env = connectionEnvironment(new InheritedEnvironment(own), fields, [
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
  const env = connectionEnvironment(inherited, fields, [
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
  const given = { ...fields, localHost: "", remoteInfo: "" };
  const env = connectionEnvironment(none, given, []);
  assertEquals(env.get("TCPLOCALHOST"), "");
  assertEquals(env.get("TCPREMOTEINFO"), "");
  assertEquals(env.has("TCPREMOTEHOST"), false);
});

Deno.test("a client of IPv6 has ucspi-tcp6's names too", () => {
  const own = new Map([["TCP6REMOTEINFO", "stale"]]);
  const v6 = {
    ...fields,
    localIp: "2001:db8::1",
    remoteIp: "fe80::2",
    remoteHost: "mx.example",
    interface: "eth0",
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
    fields,
    [],
  );
  assertEquals([...v4].filter(([name]) => name.startsWith("TCP6")), []);
});

Deno.test("our own environment is what the kernel says", () => {
  assertEquals(ownEnvironment().get("PATH"), Deno.env.get("PATH"));
});
