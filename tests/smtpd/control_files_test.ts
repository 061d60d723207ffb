import { assertEquals, assertThrows } from "@std/assert";
import { ControlFiles } from "../../lib/smtpd/control_files.ts";
import { leadingNumber } from "../../lib/smtpd/controls.ts";
import { inFolder, output } from "../support/peers.ts";

Deno.test("a control file may be a link to /dev/null, but no FIFO", () =>
  inFolder(async (folder) => {
    await Deno.symlink("/dev/null", `${folder}/badmailfrom`);
    await output("mkfifo", [`${folder}/badrcptto`]);
    const files = new ControlFiles(folder);
    assertEquals(files.text("badmailfrom"), "");
    assertThrows(() => files.text("badrcptto"), Error, "FIFO");
    assertEquals(files.text("rcpthosts"), null);
  }));

Deno.test("leadingNumber() gives what SIZE can say", () => {
  assertEquals(leadingNumber("1000x"), 1000);
  assertEquals(leadingNumber(""), 0);
  assertEquals(`${leadingNumber("9".repeat(30))}`, "9007199254740991");
});
