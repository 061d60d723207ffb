/** The notices, packed. The build has a module of its own in this one's place. */
export const packed: string | null = null;
