import { assertEquals } from "@std/assert";
import { installed } from "../../lib/doctor/installed.ts";
import { inFolder } from "../support/peers.ts";

const unit = "[Service]\nExecStart=/usr/bin/postern serve 0 25 smtpd\n";
const script = "#!/bin/sh\npostern serve 0 25 smtpd &\n";

/** Paths that are looked at, where there are these. */
async function seen(files: Record<string, string>): Promise<string[]> {
  let paths: string[] = [];
  await inFolder(async (root) => {
    for (const [path, text] of Object.entries(files)) {
      const folder = path.slice(0, path.lastIndexOf("/"));
      await Deno.mkdir(`${root}${folder}`, { recursive: true });
      await Deno.writeTextFile(`${root}${path}`, text);
    }
    paths = installed(root).scripts
      .map(({ path }) => path.slice(root.length));
  });
  return paths;
}

Deno.test("what a machine starts is looked at once, and as it starts it", async () => {
  const init = { "/etc/init.d/smtpd": script };
  const own = { "/etc/systemd/system/smtpd.service": unit };
  const packages = { "/lib/systemd/system/smtpd.service": unit };
  const booted = { "/run/systemd/system/x": "" };
  const other = { "/lib/systemd/system/pop3.service": unit };
  const s99 = { "/etc/rc3.d/S99qmail": script };
  for (
    const [files, expected] of [
      [{ ...init, ...own }, [...Object.keys(init), ...Object.keys(own)]],
      [{ ...init, ...own, ...booted }, Object.keys(own)],
      [{ ...own, ...packages, ...booted }, Object.keys(own)],
      [{ ...init, ...other, ...booted }, [
        ...Object.keys(init),
        ...Object.keys(other),
      ]],
      [s99, Object.keys(s99)],
    ] as const
  ) assertEquals(await seen({ ...files }), [...expected]);
});
