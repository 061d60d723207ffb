import { assertEquals } from "@std/assert";
import { AcceptFailures } from "../../lib/gate/accept_failures.ts";
import { SystemError } from "../../lib/sys/libc.ts";

const everyones: [code: string, errno: number][] = [
  ["EMFILE", 24],
  ["ENFILE", 23],
  ["ENOMEM", 12],
  ["ENOBUFS", 105],
];
const clients: [code: string, errno: number][] = [
  ["ECONNABORTED", 103],
  ["ENOTCONN", 107],
  ["ECONNRESET", 104],
  ["EPROTO", 71],
  ["ENETUNREACH", 101],
  ["EPERM", 1], // a firewall's
];

const failed = (errno: number) => new SystemError("accept", errno);

Deno.test("a lack of descriptors or memory is everyone's, and complained of", () => {
  for (const [code, errno] of everyones) {
    const complaints: unknown[] = [];
    const failures = new AcceptFailures((told) => complaints.push(told));
    const error = failed(errno);
    assertEquals(failures.isEveryones(error, 0), true, code);
    assertEquals(complaints, [error], code);
  }
});

Deno.test("a client's own failure is nobody else's, and not complained of", () => {
  const complaints: unknown[] = [];
  const failures = new AcceptFailures((told) => complaints.push(told));
  for (const [code, errno] of clients) {
    assertEquals(failures.isEveryones(failed(errno), 0), false, code);
  }
  assertEquals(complaints, []);
});

Deno.test("the same complaint comes once a second", () => {
  const complainedAt: number[] = [];
  let now = 0;
  const failures = new AcceptFailures(() => complainedAt.push(now));
  for (now = 5; now <= 3005; now += 100) {
    assertEquals(failures.isEveryones(failed(23), now), true);
  }
  assertEquals(complainedAt, [5, 1005, 2005, 3005]);
});

Deno.test("an error that nobody knows is everyone's", () => {
  for (const error of [new Error("?"), "?", undefined, { code: 5 }]) {
    assertEquals(new AcceptFailures(() => {}).isEveryones(error, 0), true);
  }
});
