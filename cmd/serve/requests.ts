/**
 * Each HOST PORT PROGRAM that a command line, or the file that it names, asks
 * for.
 *
 * @module
 */
import { inBlock } from "../../lib/process/fatal.ts";
import type { ServeOptions } from "../../lib/process/options.ts";
import {
  optionsFrom,
  optionsOf,
  type ParsedCommand,
  table,
} from "../serve_options.ts";

export interface ServeRequest {
  readonly options: ServeOptions;
  /** The file and the block; null on a command line. */
  readonly where: string | null;
}

/** The text of the file that a command line names; null if it names none. */
export async function configOf(
  { config: path }: ParsedCommand,
): Promise<string | null> {
  if (path === null) return null;
  const { readConfig } = await import("../../lib/process/config_file.ts");
  return readConfig(path);
}

/**
 * @param config text of the file; null for none
 * @throws Fatal
 */
export async function requestsOf(
  command: ParsedCommand,
  config: string | null,
): Promise<ServeRequest[]> {
  if (config === null) return [{ options: optionsOf(command), where: null }];
  const { blocksIn } = await import("../../lib/process/config_file.ts");
  const blocks = blocksIn(command.config!, config, table);
  return await Promise.all(
    blocks.map(({ where, ...request }) =>
      inBlock(where, () => ({ options: optionsFrom(request), where }))
    ),
  );
}
