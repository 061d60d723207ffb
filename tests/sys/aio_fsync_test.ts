import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { closeDescriptor, pipe } from "../../lib/sys/descriptors.ts";
import { createFile, writeFile } from "../../lib/sys/files.ts";
import { sync } from "../../lib/sys/aio_fsync.ts";
import { inFolder, output } from "../support/peers.ts";

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "more files than there are slots are synced at once",
  options,
  () =>
    inFolder(async (folder) => {
      const files = Array.from({ length: 600 }, (_, i) => {
        const fd = createFile(`${folder}/${i}`, 0o600);
        writeFile(fd, new Uint8Array(10));
        return fd;
      });
      await Promise.all(files.map(sync));
      files.forEach(closeDescriptor);
    }),
);

Deno.test(
  "what cannot be synced says so, and the others are",
  options,
  () =>
    inFolder(async (folder) => {
      const fd = createFile(`${folder}/x`, 0o600);
      const { read, write } = pipe();
      const code = (failed: unknown) => (failed as { code: string }).code;
      assertEquals(
        await Promise.all(
          [fd, write, 9999, fd].map((each) =>
            sync(each).then(() => "synced", code)
          ),
        ),
        ["synced", "EIO", "EIO", "synced"],
      );
      [fd, read, write].forEach(closeDescriptor);
    }),
);

for (const free of [0, 1, 2]) {
  Deno.test(
    `with ${free} free descriptors files are synced all the same`,
    options,
    () =>
      inFolder(async (folder) => {
        const program = `
        import { closeDescriptor, openNull } from "./lib/sys/descriptors.ts";
        import { createFile, writeFile } from "./lib/sys/files.ts";
        import { sync } from "./lib/sys/aio_fsync.ts";
        const files = Array.from({ length: 20 }, (_, i) => {
          const fd = createFile("${folder}/" + i, 0o600);
          writeFile(fd, new Uint8Array(10));
          return fd;
        });
        const made = [];
        try { for (;;) made.push(openNull()); } catch { /* all are taken */ }
        for (let i = 0; i < ${free}; i++) closeDescriptor(made.pop());
        for (let i = 0; i < 3; i++) await Promise.all(files.map(sync));
        closeDescriptor(made.pop());
        closeDescriptor(made.pop());
        for (let i = 0; i < 3; i++) await Promise.all(files.map(sync));
        console.log("synced");`;
        const { stdout, stderr } = await output("/bin/sh", [
          "-c",
          'ulimit -n 80; exec "$0" run -A --no-check --unstable-net --ext=ts -',
          Deno.execPath(),
        ], {
          stdin: program,
          cwd: fileURLToPath(new URL("../..", import.meta.url)),
        });
        assertEquals(stdout, "synced\n", stderr);
      }),
  );
}

Deno.test(
  "files are synced again and again, and in between",
  options,
  () =>
    inFolder(async (folder) => {
      const fd = createFile(`${folder}/x`, 0o600);
      let synced = 0;
      await Promise.all(Array.from({ length: 100 }, async (_, i) => {
        for (let n = 0; n < 5; n++) {
          await sync(fd);
          synced++;
          if (i % 3 === n) await new Promise((over) => setTimeout(over, i % 7));
        }
      }));
      assertEquals(synced, 500);
      closeDescriptor(fd);
    }),
);
