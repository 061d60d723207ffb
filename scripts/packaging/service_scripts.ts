/**
 * What starts the service of the example configuration: systemd's units and
 * an init script, as `postern init-script` makes them.
 *
 * @module
 */
import { serviceFrom } from "../../cmd/init_script/service.ts";
import { syntax } from "../../cmd/serve_options.ts";
import { spellingsIn } from "../../lib/cli/command_line.ts";
import { scan } from "../../lib/cli/scan.ts";
import type {
  Machine,
  Service,
  Supervisor,
} from "../../lib/service/service.ts";
import { systemd } from "../../lib/service/systemd.ts";
import { sysv } from "../../lib/service/sysv.ts";
import { root } from "../build/run.ts";
import { PackageError } from "./tools.ts";

export interface Script {
  /** In the folder of the contents. */
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

const name = "postern";
/** Where a package has it. */
const config = "/etc/postern/postern.toml";
const mailFacility = 2;

/** Where each supervisor's files lie in the contents. */
const folders: readonly (readonly [Supervisor, folder: string])[] = [
  [systemd, "systemd"],
  [sysv, "init.d"],
];

/** The same scripts on whatever machine they are made: one that has nothing. */
const bareMachine: Machine = { exists: () => false, read: () => null };

/** All of them. */
export async function scriptsOf(): Promise<Script[]> {
  const service = await exampleService();
  return folders.flatMap(([supervisor, folder]) => {
    const [problem] = supervisor.problems(service);
    if (problem !== undefined) {
      throw new PackageError(
        `unable to make what ${supervisor.name} reads: ${problem}`,
      );
    }
    // Links, which would enable it, are whoever installs the package's.
    return supervisor.parts(service, bareMachine).flatMap((part) =>
      part.kind !== "file" ? [] : [{
        path: `${folder}/${part.path.replace(/.*\//, "")}`,
        mode: part.mode,
        text: part.text,
      }]
    );
  });
}

/**
 * The service of the example configuration, and of what may become of that
 * once it is edited: the built-in smtpd with mailboxes anywhere, of anybody,
 * and keys that only root reads.
 */
async function exampleService(): Promise<Service> {
  // Not in /tmp: a unit whose files are there does without a /tmp of its own.
  const folder = await Deno.makeTempDir({
    dir: "/dev/shm",
    prefix: "postern-package-",
  });
  try {
    // It is looked at as on its machine, but the user has to exist on this one.
    const copy = `${folder}/postern.toml`;
    const text = await Deno.readTextFile(
      `${root}/scripts/packaging/example/postern.toml`,
    );
    await Deno.writeTextFile(copy, text.replaceAll(/^[ug]id = .*\n/gm, ""));
    const args = ["--config", copy];
    const service = await serviceFrom(
      {
        name,
        description: "postern, the gate in front of the mail server",
        executable: "/usr/bin/postern",
        runFolder: "/run",
        logTag: name,
        logFacility: mailFacility,
      },
      args,
      scan(spellingsIn(syntax), args),
      "postern init-script",
    );
    return {
      ...service,
      config,
      serveArgs: ["--config", config],
      user: name,
      given: [...service.given, "uid", "gid"],
      said: new Map([...service.said, ["uid", name], ["gid", name]]),
      writes: ["/"],
      uses: {
        ...service.uses,
        places: [],
        ofOthers: true,
        rootsKeys: true,
        hasHelper: true,
      },
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
