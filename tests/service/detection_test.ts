/**
 * Who looks after services, by what is there.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { detect } from "../../lib/service/detection.ts";
import { machineAt } from "../../lib/service/machine.ts";
import { supervisors } from "../../lib/service/supervisors.ts";

/** A machine with nothing but these files. */
const machine = (files: Readonly<Record<string, string>>) => ({
  exists: (path: string) =>
    Object.keys(files).some((each) =>
      each === path || each.startsWith(`${path}/`)
    ),
  read: (path: string) => files[path] ?? null,
});

const found = (files: Readonly<Record<string, string>>) =>
  detect(supervisors, machine(files));

Deno.test("detect() finds nobody where nothing is", () => {
  assertEquals(found({}), null);
});

Deno.test("detect() says what it was told by", () => {
  const { supervisor, because } = found({ "/run/openrc/softlevel": "" })!;
  assertEquals(supervisor.name, "openrc");
  assertEquals(because, "/run/openrc/softlevel is there");
});

Deno.test("detect(): whoever is process 1 comes before scripts of old", () => {
  const scripts = { "/etc/rc2.d/README": "", "/etc/inetd.conf": "" };
  assertEquals(found(scripts)?.supervisor.name, "sysv");
  const systemd = { ...scripts, "/run/systemd/system/x": "" };
  assertEquals(found(systemd)?.supervisor.name, "systemd");
});

Deno.test("each supervisor can be asked about an empty machine", () => {
  for (const { name, runs } of supervisors) {
    assertEquals(runs(machineAt("/nowhere")), false, name);
  }
});
