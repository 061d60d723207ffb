import { assert, assertEquals } from "@std/assert";
import { AcceptFailures } from "../../lib/gate/gate.ts";
import { SystemError } from "../../lib/sys/libc.ts";

/** Errors as both listeners throw them: by errno, and Deno's by its code. */
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
];

/** Whether handling it takes a timer, and not only turns of the loop. */
async function pauses(failures: AcceptFailures, error: unknown) {
  const handled = failures.handle(error);
  const first = await Promise.race([
    handled.then(() => "handled"),
    new Promise((resolve) => setTimeout(resolve, 0, "timer")),
  ]);
  await handled;
  return first === "timer";
}

const asDenoThrows = (code: string) =>
  Object.assign(new Error("accept failed"), { code });

Deno.test("a lack of descriptors or memory pauses, whoever tells it", async () => {
  const complaints: unknown[] = [];
  for (const [code, errno] of everyones) {
    for (
      const error of [new SystemError("accept", errno), asDenoThrows(code)]
    ) {
      const failures = new AcceptFailures((told) => complaints.push(told));
      assert(await pauses(failures, error), code);
      assertEquals(complaints.pop(), error);
    }
  }
});

Deno.test("a client's own failure neither pauses nor complains", async () => {
  const complaints: unknown[] = [];
  const failures = new AcceptFailures((told) => complaints.push(told));
  for (const [code, errno] of clients) {
    for (
      const error of [new SystemError("accept", errno), asDenoThrows(code)]
    ) {
      assert(!await pauses(failures, error), code);
    }
  }
  assertEquals(complaints, []);
});

Deno.test("the same complaint comes once a second", async () => {
  const complaints: unknown[] = [];
  const failures = new AcceptFailures((told) => complaints.push(told));
  const since = performance.now();
  while (complaints.length < 3) {
    await failures.handle(new SystemError("accept", 23));
  }
  assert(performance.now() - since >= 2000);
});

Deno.test("an error that nobody knows pauses too", async () => {
  const failures = new AcceptFailures(() => {});
  assert(await pauses(failures, new Error("?")));
});
