/**
 * Certificates for tests: of `localhost` and 127.0.0.1, signed by themselves.
 *
 * @module
 */
import { output } from "./peers.ts";

/** Paths of PEM files, and the certificate's text. */
export interface TestCertificate {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: string;
}

/** Makes one, and its key, in files that begin with `${folder}/${name}`. */
export async function makeCertificate(
  folder: string,
  name = "server",
): Promise<TestCertificate> {
  const certPath = `${folder}/${name}.crt`, keyPath = `${folder}/${name}.key`;
  const { code, stderr } = await output("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"],
    ...["-pkeyopt", "ec_paramgen_curve:prime256v1"],
    ...["-keyout", keyPath, "-out", certPath, "-subj", `/CN=${name}`],
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    // Clients on rustls take no authority's certificate for a server's own.
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
  ]);
  if (code !== 0) throw new Error(`openssl req: ${stderr}`);
  return { certPath, keyPath, cert: await Deno.readTextFile(certPath) };
}

/**
 * Makes one of `name` that is valid between two times (`YYYYMMDDHHMMSSZ`), which
 * `openssl req` cannot before version 3.2.
 */
export async function makeDatedCertificate(
  folder: string,
  name: string,
  [from, to]: readonly [from: string, to: string],
): Promise<TestCertificate> {
  const certPath = `${folder}/${name}.crt`, keyPath = `${folder}/${name}.key`;
  const work = await Deno.makeTempDir({ dir: folder });
  await Deno.writeTextFile(`${work}/index`, "");
  await Deno.writeTextFile(`${work}/serial`, "01\n");
  await Deno.writeTextFile(
    `${work}/ca.conf`,
    `[ca]
default_ca = own
[own]
new_certs_dir = ${work}
database = ${work}/index
serial = ${work}/serial
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
subjectAltName = DNS:${name}
basicConstraints = critical,CA:FALSE
`,
  );
  const commands = [
    [
      ...["req", "-new", "-newkey", "ec", "-nodes", "-out", `${work}/request`],
      ...["-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-keyout", keyPath, "-subj", `/CN=${name}`],
    ],
    [
      ...["ca", "-batch", "-config", `${work}/ca.conf`, "-selfsign"],
      ...["-keyfile", keyPath, "-in", `${work}/request`, "-notext"],
      ...["-startdate", from, "-enddate", to, "-out", certPath],
    ],
  ];
  for (const args of commands) {
    const { code, stderr } = await output("openssl", args);
    if (code !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  }
  await Deno.remove(work, { recursive: true });
  return { certPath, keyPath, cert: await Deno.readTextFile(certPath) };
}
