/** Begins the line of the log that says that the main job was done; its alarm counts them. */
export const mainJobDone = 'the main job is done';
