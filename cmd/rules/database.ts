/**
 * Questions to a database: postern rules check, dump and get, and
 * tcprulescheck.
 *
 * @module
 */
import { toBytes } from "../../lib/base/bytes.ts";
import { CdbError, type CdbReader } from "../../lib/cdb/reader.ts";
import { readFile, unreadable } from "../../lib/cli/input.ts";
import { write } from "../../lib/cli/output.ts";

/** Decides about the client that the environment describes. Throws Fatal. */
export async function check(path: string, calledAs: string): Promise<number> {
  const { ownEnvironment } = await import("../../lib/ucspi/environment.ts");
  const { decide, verdict } = await import("../../lib/rules/lookup.ts");
  const env = ownEnvironment();
  const peer = {
    ip: env.get("TCPREMOTEIP") ?? "0.0.0.0",
    host: env.get("TCPREMOTEHOST") ?? null,
    info: env.get("TCPREMOTEINFO") ?? null,
  };
  return await withCdb(path, calledAs, (cdb) => {
    write([toBytes(verdict(decide(cdb, peer)))]);
    return 0;
  });
}

/** Prints all records. Throws Fatal. */
export async function dumpTo(path: string, calledAs: string): Promise<number> {
  const { dump } = await import("../../lib/cdb/text.ts");
  return await withCdb(path, calledAs, (cdb) => {
    write(dump(cdb));
    return 0;
  });
}

/** Prints the data of a key; 100 if it has none. Throws Fatal. */
export function getFrom(
  path: string,
  key: string,
  skip: number,
  calledAs: string,
): Promise<number> {
  return withCdb(path, calledAs, (cdb) => {
    let before = skip;
    for (const data of cdb.findAll(new TextEncoder().encode(key))) {
      if (before-- > 0) continue;
      write([data]);
      return 0;
    }
    return 100;
  });
}

async function withCdb(
  path: string,
  calledAs: string,
  act: (cdb: CdbReader) => number,
): Promise<number> {
  const { verifiedCdb } = await import("../../lib/cdb/verify.ts");
  const bytes = readFile(path);
  try {
    return act(verifiedCdb(bytes));
  } catch (error) {
    if (!(error instanceof CdbError)) throw error;
    // tcprulescheck has a word for whatever is wrong with a database.
    const isClassic = calledAs === "tcprulescheck";
    throw unreadable(path, isClassic ? new Error(error.classic) : error);
  }
}
