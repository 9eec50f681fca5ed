import type { AssembledStack } from '../assembly/assembly';
import { at, listOf } from './values';

type Values = Readonly<Record<string, string>>;
type Conditions = Readonly<Record<string, unknown>>;

/**
 * The stack as CloudFormation would make it of those parameters, the others at their defaults: what stands under a
 * condition that does not hold is not in it.
 */
export function madeWith(stack: AssembledStack, values: Values): AssembledStack {
  const { Parameters = {}, Conditions = {}, Resources } = stack.template;
  const parameters = Object.fromEntries(
    Object.entries(Parameters).map(([name, parameter]) => {
      const value = values[name];
      return [name, value === undefined ? parameter : { ...asRecord(parameter), Default: value }];
    }),
  );
  const holds = holdsIn(parameters, Conditions);
  const made = Object.entries(Resources).filter(([, { Condition }]) => Condition === undefined || holds({ Condition }));
  return { ...stack, template: { ...stack.template, Parameters: parameters, Resources: Object.fromEntries(made) } };
}

/** @throws Error for a function of CloudFormation that is not read here */
function holdsIn(parameters: Readonly<Record<string, unknown>>, conditions: Conditions) {
  const textOf = (value: unknown): string => {
    const name = at(value, 'Ref');
    return String(name === undefined ? value : at(parameters[String(name)], 'Default'));
  };
  const holds = (expression: unknown): boolean => {
    const [operator = '', operand] = Object.entries(asRecord(expression))[0] ?? [];
    if (operator === 'Condition') return holds(conditions[String(operand)]);
    const operands = listOf(operand);
    if (operator === 'Fn::Equals') return textOf(operands[0]) === textOf(operands[1]);
    if (operator === 'Fn::Not') return !holds(operands[0]);
    if (operator === 'Fn::And') return operands.every(holds);
    if (operator === 'Fn::Or') return operands.some(holds);
    throw new Error(`a condition has "${operator}"; expected Fn::Equals, Fn::Not, Fn::And, Fn::Or or Condition`);
  };
  return holds;
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
