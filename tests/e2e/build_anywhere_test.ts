/**
 * The build where it is not easy: in a folder of an odd name, without a
 * network, behind a proxy with an authority of its own.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { root } from "../../scripts/build/run.ts";
import { TestGate } from "../support/gate.ts";
import { inFolder, needing, output } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const wrapper = `${root}/scripts/deno`;

Deno.test(
  needing({}, "a folder whose name is nothing for a URL"),
  () =>
    inFolder(async (folder) => {
      const odd = `${folder}/a #%é b?c%20`;
      await Deno.mkdir(odd);
      const needed = ["cmd", "lib", "scripts", "main.ts", "LICENSE"];
      const { code, stderr } = await output("cp", [
        "-r",
        ...[...needed, "deno.json", "deno.lock"].map((name) =>
          `${root}/${name}`
        ),
        odd,
      ]);
      assertEquals(code, 0, stderr);
      const built = await output(`${odd}/scripts/deno`, ["task", "build"], {
        cwd: folder,
      });
      assertEquals(built.code, 0, built.stderr);
      const postern = `${odd}/dist/postern`;
      assertMatch((await output(postern, ["--version"])).stdout, /^postern \d/);
      const { stdout } = await output(postern, ["licenses", "--list"]);
      assertMatch(stdout, /^tldts +\d/m);
      // From its source, the helper too.
      const gate = await TestGate.start([
        ...["run", "-A", "--unstable-net", "--no-check", `${odd}/main.ts`],
        ...["serve", "-1", "-RHl0", "127.0.0.1", "0"],
        ...["smtpd", "--me", "x", "--deliver", "discard", "--spf"],
      ], { program: Deno.execPath(), asGiven: true });
      try {
        const client = await SmtpClient.connect(gate.port);
        assertMatch(await client.reply(), /^220 /);
        client.close();
      } finally {
        await gate.stop();
      }
    }),
);

Deno.test("no path is pasted out of a URL", async () => {
  const pasted = String.raw`import\.meta\.url\)\.pathname`;
  const rooms = ["cmd", "lib", "scripts", "tests"].map((name) =>
    `${root}/${name}`
  );
  const { stdout } = await output("grep", ["-rlE", pasted, ...rooms]);
  // The helper's start, which decodes it without a module of node's.
  const allowed = /(\/lib\/helper\/role|\/cmd\/doctor\/answer)\.ts$/;
  const found = stdout.split("\n").filter((path) =>
    path && !allowed.test(path)
  );
  assertEquals(found, []);
});

/**
 * The wrapper with caches that are empty. It gives up within ten seconds; on a
 * machine that has much else to do it takes longer, but not as long as npm's own
 * attempts.
 */
async function withoutNetwork(
  folder: string,
  env: Record<string, string>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return await output(
    "unshare",
    ["-n", "timeout", "45", wrapper, "task", "build"],
    {
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH")!,
        HOME: folder,
        POSTERN_CACHE: `${folder}/cache`,
        ...env,
      },
    },
  );
}

const offline = { root: true, peers: ["unshare", "npm"] };

Deno.test(
  needing(offline, "without a network: no Deno to be had"),
  () =>
    inFolder(async (folder) => {
      const { code, stderr } = await withoutNetwork(folder, {
        POSTERN_DENO_VERSION: "2.9.6",
      });
      assertEquals(code, 1, stderr);
      assertMatch(
        stderr,
        /^scripts\/deno: cannot get Deno 2\.9\.6: npm does not reach its registry; is there a network\? /m,
      );
      assertEquals([...Deno.readDirSync(`${folder}/cache`)], []);
    }),
);

Deno.test(
  needing(offline, "without a network: no libraries to be had"),
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/bin`);
      await Deno.symlink(Deno.execPath(), `${folder}/bin/deno`);
      const { code, stderr } = await withoutNetwork(folder, {
        PATH: `${folder}/bin:${Deno.env.get("PATH")}`,
        DENO_DIR: `${folder}/deno`,
      });
      assertEquals(code, 1, stderr);
      assertMatch(
        stderr,
        /^scripts\/deno: cannot get the libraries: Deno does not reach the registry; is there a network\? /m,
      );
      assert(stderr.split("\n").length < 5, stderr);
    }),
);

/** A certificate and its key, signed by itself or by an authority. */
async function certificate(
  folder: string,
  name: string,
  extensions: readonly string[],
  signer: readonly string[] = [],
): Promise<{ certPath: string; keyPath: string }> {
  const certPath = `${folder}/${name}.crt`, keyPath = `${folder}/${name}.key`;
  const { code, stderr } = await output("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"],
    ...["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", `/CN=${name}`],
    ...["-keyout", keyPath, "-out", certPath, ...signer],
    ...extensions.flatMap((each) => ["-addext", each]),
  ]);
  assertEquals(code, 0, stderr);
  return { certPath, keyPath };
}

for (const isTold of [true, false]) {
  Deno.test(
    needing(
      { peers: ["npm", "openssl"] },
      `npm ${isTold ? "trusts" : "does not trust"} an authority that Deno is ${
        isTold ? "" : "not "
      }told of`,
    ),
    () =>
      inFolder(async (folder) => {
        const authority = await certificate(folder, "authority", [
          "basicConstraints=critical,CA:TRUE",
        ]);
        const own = await certificate(
          folder,
          "localhost",
          ["subjectAltName=DNS:localhost", "basicConstraints=CA:FALSE"],
          ["-CA", authority.certPath, "-CAkey", authority.keyPath],
        );
        const asked: string[] = [];
        const registry = Deno.serve(
          {
            hostname: "127.0.0.1",
            port: 0,
            cert: await Deno.readTextFile(own.certPath),
            key: await Deno.readTextFile(own.keyPath),
            onListen: () => {},
          },
          (request) => {
            asked.push(new URL(request.url).pathname);
            return Response.json({ error: "not here" }, { status: 404 });
          },
        );
        try {
          const { code, stderr } = await output(wrapper, ["--version"], {
            clearEnv: true,
            env: {
              PATH: Deno.env.get("PATH")!,
              HOME: folder,
              POSTERN_CACHE: `${folder}/cache`,
              POSTERN_DENO_VERSION: "2.9.6",
              npm_config_registry: `https://localhost:${registry.addr.port}/`,
              ...(isTold ? { DENO_CERT: authority.certPath } : {}),
            },
          });
          assertEquals(code, 1);
          assertEquals(asked.includes("/deno"), isTold, stderr);
        } finally {
          await registry.shutdown();
        }
      }),
  );
}
