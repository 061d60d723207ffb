import { assertEquals } from "@std/assert";
import { whyNotRunnable } from "../../lib/ucspi/runnable.ts";
import { inFolder, output } from "../support/peers.ts";

Deno.test("whyNotRunnable() has no complaint of what can be run", () => {
  assertEquals(whyNotRunnable("/bin/sh"), null);
  assertEquals(whyNotRunnable(Deno.execPath()), null);
});

Deno.test("whyNotRunnable() sees what a run would fail at", () =>
  inFolder(async (folder) => {
    const path = `${folder}/program`;
    const write = async (text: string, mode = 0o755) => {
      await Deno.writeTextFile(path, text);
      await Deno.chmod(path, mode);
    };
    assertEquals(whyNotRunnable(path), "file does not exist");
    assertEquals(whyNotRunnable(`${path}/x`), "file does not exist");
    assertEquals(whyNotRunnable(folder), "is a directory");
    assertEquals(whyNotRunnable("/dev/null"), "it is no file");
    await output("mkfifo", [`${folder}/fifo`]);
    assertEquals(whyNotRunnable(`${folder}/fifo`), "it is no file");
    for (
      const [text, why] of [
        ["#!/bin/sh\nexit\n", null],
        ["#! /bin/sh -e\n", null],
        ["#!/bin/sh\r\nexit\r\n", "its first line ends with a CR"],
        ["#!/no/such\n", "its interpreter /no/such: file does not exist"],
        [`#!${folder}/data`, `its interpreter ${folder}/data: access denied`],
        [
          "exit 0\n",
          "exec format error: it needs a first line such as #!/bin/sh",
        ],
        ["", "exec format error: it needs a first line such as #!/bin/sh"],
        ["\x7fELF\0", null], // who knows
      ] as const
    ) {
      await Deno.writeTextFile(`${folder}/data`, "");
      await write(text);
      assertEquals(whyNotRunnable(path), why, text);
    }
    await write("#!/bin/sh\n", 0o644);
    assertEquals(whyNotRunnable(path), "access denied");
    assertEquals(whyNotRunnable(`${path}/x`), "not a directory");
  }));
