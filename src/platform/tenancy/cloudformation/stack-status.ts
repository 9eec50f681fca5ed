/** What a stack's status says about what may be done next. */
export type Phase =
  /** CloudFormation is at it: wait. */
  | 'moving'
  /** It stands, whole, and takes updates. */
  | 'standing'
  /** It was never whole: only deletion is left. */
  | 'wreck'
  /** A rollback of an update has got stuck: it can be continued. */
  | 'stuck'
  | 'gone';

const phases: Readonly<Record<string, Phase>> = {
  CREATE_COMPLETE: 'standing',
  UPDATE_COMPLETE: 'standing',
  UPDATE_ROLLBACK_COMPLETE: 'standing',
  IMPORT_COMPLETE: 'standing',
  IMPORT_ROLLBACK_COMPLETE: 'standing',
  UPDATE_FAILED: 'stuck',
  UPDATE_ROLLBACK_FAILED: 'stuck',
  CREATE_FAILED: 'wreck',
  ROLLBACK_COMPLETE: 'wreck',
  ROLLBACK_FAILED: 'wreck',
  DELETE_FAILED: 'wreck',
  REVIEW_IN_PROGRESS: 'wreck',
  DELETE_COMPLETE: 'gone',
};

/** The phase of a status; one that CloudFormation adds later counts as moving, so that nothing is done on a guess. */
export const phaseOf = (status: string | undefined): Phase => (status ? (phases[status] ?? 'moving') : 'gone');
