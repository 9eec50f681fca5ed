/** Output of the delivery stack that names its pipeline, for `npm run rollback`. */
export const pipelineOutput = 'Pipeline';
