import { assertEquals } from "@std/assert";
import { closeDescriptor, pipe } from "../../lib/sys/descriptors.ts";
import { createFile, writeFile } from "../../lib/sys/files.ts";
import { sync } from "../../lib/sys/sync.ts";
import { inFolder } from "../support/peers.ts";

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
