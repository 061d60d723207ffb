/**
 * `--install` and `--uninstall`, as they are told to a person.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import { print } from "../../lib/cli/output.ts";
import {
  install as installParts,
  uninstall as uninstallParts,
} from "../../lib/service/installation.ts";
import type { Part, Service, Supervisor } from "../../lib/service/service.ts";
import { isExecutable } from "../../lib/ucspi/program.ts";

interface How {
  readonly root: string;
  readonly dryRun: boolean;
}

/** Where programs are unpacked, tried, and done away with. */
const mayGo = /^\/(?:root|home|tmp|var\/tmp|mnt|media)\//;

/** @throws Fatal */
export function install(
  supervisor: Supervisor,
  service: Service,
  parts: readonly Part[],
  { root, dryRun }: How,
): number {
  const { name, executable } = service;
  if (root === "" && !isExecutable(executable)) {
    throw new Fatal(
      100,
      `unable to run ${executable}: --exec names no program`,
    );
  }
  const installing = {
    name,
    supervisor: supervisor.name,
    settle: supervisor.settle(service),
    asking: supervisor.asking?.(service) ?? null,
    stopping: supervisor.stopping?.(service) ?? null,
    parts,
  };
  const runs = installParts(installing, { root, dryRun, tell: print });
  if (!dryRun && root === "") {
    if (mayGo.test(executable)) {
      print(
        `${executable} has to stay where it is; postern install puts it into ` +
          "/usr/local/bin: install the service again with that",
      );
    }
    const restarting = runs && supervisor.restarting?.(service);
    print(
      restarting
        ? `it runs as it was before; start it anew: ${restarting}`
        : `start it: ${supervisor.starting(service)}`,
    );
  }
  return 0;
}

/** @throws Fatal */
export function uninstall(
  { name, supervisor, root, dryRun }: How & {
    readonly name: string;
    readonly supervisor: Supervisor | null;
  },
): number {
  uninstallParts(name, supervisor?.name ?? null, { root, dryRun, tell: print });
  return 0;
}
