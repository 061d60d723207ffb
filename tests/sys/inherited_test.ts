import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { namedDescriptors } from "../../lib/sys/inherited.ts";
import { output } from "../support/peers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("namedDescriptors() finds descriptors in paths", () => {
  const texts = [
    "/dev/fd/63",
    "--tls-key=/proc/self/fd/7",
    "a,/dev/fd/8,/dev/fd/9",
    'key = "/dev/fd/10"',
    "/dev/fd/",
    "/dev/fd/1234567",
    "11",
  ];
  assertEquals(namedDescriptors(texts), [63, 7, 8, 9, 10]);
});

Deno.test("closeInherited() closes what came through the exec, and no more", async () => {
  const program = `
    import { closeInherited } from "./lib/sys/inherited.ts";
    import { pipe } from "./lib/sys/descriptors.ts";
    const own = pipe();
    closeInherited([8]);
    const isOpen = (fd) => {
      try {
        return Deno.readLinkSync("/proc/self/fd/" + fd) !== "";
      } catch {
        return false;
      }
    };
    console.log([0, 1, 2, 7, 8, 9, own.read, own.write].map(isOpen).join());
    console.log((await Deno.readTextFile("/etc/hostname")) !== "");
    Deno.exit();`;
  const { stdout, stderr } = await output("/bin/sh", [
    "-c",
    'exec 7</etc/passwd 8</etc/passwd 9</etc/passwd "$0" run -A --no-check ' +
    "--ext=ts -",
    Deno.execPath(),
  ], { stdin: program, cwd: root });
  assertEquals(
    [stdout, stderr],
    ["true,true,true,false,true,false,true,true\ntrue\n", ""],
  );
});
