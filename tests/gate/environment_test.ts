import { assertEquals } from "@std/assert";
import {
  connectionEnvironment,
  entries,
  ownEnvironment,
} from "../../lib/gate/environment.ts";

const fields = {
  localHost: "",
  localIp: "192.0.2.1",
  localPort: 25,
  remoteHost: "",
  remoteIp: "192.0.2.9",
  remoteInfo: "",
  remotePort: 4000,
};

Deno.test("what is unknown is removed, what is ours is set, and rules come last", () => {
  const own = new Map([
    ["PATH", "/bin"],
    ["TCPREMOTEHOST", "stale"],
    ["TCPREMOTEINFO", "stale"],
    ["TCPLOCALHOST", "stale"],
    ["PROTO", "stale"],
  ]);
  const env = connectionEnvironment(own, fields, [
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
  assertEquals(entries(env).includes("RELAYCLIENT="), true);
});

Deno.test("our own environment is what the kernel says", () => {
  assertEquals(ownEnvironment().get("PATH"), Deno.env.get("PATH"));
});
