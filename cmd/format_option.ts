/**
 * The option by which commands print for people, or for programs.
 *
 * @module
 */
import { value } from "../lib/cli/option.ts";
import { word } from "../lib/cli/readers.ts";

const formats = ["text", "json"] as const;

/** @param help what is printed so */
export const formatOption = (help: string) =>
  value({
    long: "format",
    value: "format",
    words: formats,
    help,
    read: word(formats),
    initial: "text",
  });
