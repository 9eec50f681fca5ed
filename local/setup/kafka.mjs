import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { versions } from './layout.mjs';
import { run } from './run.mjs';

/** Kafka 4 logs through slf4j 1.7; the binding has to be of the same line, and plain standard error is what we gather. */
const slf4j = '1.7.36';

const dependency = (group, artifact, version) =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const pom = () => `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies>
${dependency('org.apache.kafka', `kafka_${versions.scala}`, versions.kafka)}
${dependency('org.slf4j', 'slf4j-simple', slf4j)}
</dependencies></project>
`;

/**
 * Kafka's jars with everything they need, in `work`.
 * @param {string} work
 * @param {(text: string) => void} report
 */
export async function installKafka(work, report) {
  report(`jars of Kafka ${versions.kafka}`);
  const file = join(work, 'pom.xml');
  await writeFile(file, pom());
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${work}`, '-DincludeScope=runtime'];
  await run('mvn', ['-B', '-q', '-ntp', '-f', file, ...goal], { cwd: work });
}
