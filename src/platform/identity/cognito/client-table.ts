import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Role, Scope } from '../../../contracts/scopes';
import { askAws } from './ask-aws';

/** What Cognito cannot keep about an app client, for whoever makes its tokens. */
export type ClientRecord = {
  /** Cognito's. */
  readonly clientId: string;
  /** Ours. */
  readonly name: string;
  readonly tenantId: string;
  readonly tier: string;
  readonly scopes: readonly Scope[];
  readonly roles: readonly Role[];
  readonly disabled: boolean;
  /** SHA-256 of the secret that counts: whether a repeated call has to set it again. */
  readonly secretHash: string;
};

/** A name belongs to one tenant from the first attempt to make its client on; `clientId` is there once it was made. */
export type NamedClient = { readonly tenantId: string; readonly clientId?: string };

type Fields = Readonly<Record<string, string | boolean | readonly string[]>>;

/**
 * The table of clients: DynamoDB, as every token is made after one read of it. Items by `id`: `client#…` the record,
 * `name#…` and `tenant#…` the way to it. Reads are consistent. All throw KolateError KLT_DEPENDENCY_UNAVAILABLE.
 */
export function createClientTable(table: string, config: DynamoDBClientConfig = {}) {
  const db = new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
    ...config,
  });
  const keyOf = (id: string) => ({ TableName: table, Key: { id: { S: id } } });

  const read = async (id: string): Promise<Record<string, AttributeValue> | undefined> =>
    (await askAws(() => db.send(new GetItemCommand({ ...keyOf(id), ConsistentRead: true })))).Item;

  /** Sets fields of one item and leaves its others; false when `condition` does not hold. */
  const set = async (id: string, fields: Fields, condition?: string): Promise<boolean> => {
    const entries = Object.entries(fields);
    try {
      await askAws(() =>
        db.send(
          new UpdateItemCommand({
            ...keyOf(id),
            UpdateExpression: `SET ${entries.map((_, index) => `#f${index} = :f${index}`).join(', ')}`,
            ExpressionAttributeNames: Object.fromEntries(entries.map(([name], index) => [`#f${index}`, name])),
            ExpressionAttributeValues: Object.fromEntries(
              entries.map(([, v], index) => [`:f${index}`, toAttribute(v)]),
            ),
            ConditionExpression: condition,
          }),
        ),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };

  const ofClient = async (clientId: string): Promise<ClientRecord | undefined> => {
    const item = await read(`client#${clientId}`);
    return item && toRecord(clientId, item);
  };

  return {
    ofClient,
    async ofTenant(tenantId: string): Promise<ClientRecord | undefined> {
      const clientId = (await read(`tenant#${tenantId}`))?.clientId?.S;
      return clientId === undefined ? undefined : ofClient(clientId);
    },
    async ofName(name: string): Promise<NamedClient | undefined> {
      const item = await read(`name#${name}`);
      return item?.tenantId?.S === undefined ? undefined : { tenantId: item.tenantId.S, clientId: item.clientId?.S };
    },
    /** False when somebody has it. */
    claimName: (name: string, tenantId: string) => set(`name#${name}`, { tenantId }, 'attribute_not_exists(id)'),
    /** False when the name has another client already. */
    nameClient: (name: string, clientId: string) =>
      set(`name#${name}`, { clientId }, 'attribute_exists(id) and attribute_not_exists(clientId)'),
    async put({ clientId, ...fields }: ClientRecord): Promise<void> {
      await set(`client#${clientId}`, fields);
      await set(`tenant#${fields.tenantId}`, { clientId });
    },
    /** False when there is none. */
    change: (clientId: string, fields: Partial<Omit<ClientRecord, 'clientId' | 'name' | 'tenantId'>>) =>
      set(`client#${clientId}`, fields, 'attribute_exists(id)'),
    async remove(name: string, { tenantId, clientId }: NamedClient): Promise<void> {
      // The name last: it is what leads a repeated call here.
      const ids = clientId === undefined ? [] : [`tenant#${tenantId}`, `client#${clientId}`];
      for (const id of [...ids, `name#${name}`]) await askAws(() => db.send(new DeleteItemCommand(keyOf(id))));
    },
    close: () => db.destroy(),
  };
}

export type ClientTable = ReturnType<typeof createClientTable>;

const toAttribute = (value: string | boolean | readonly string[]): AttributeValue => {
  if (typeof value === 'string') return { S: value };
  return typeof value === 'boolean' ? { BOOL: value } : { L: value.map((each) => ({ S: each })) };
};

const toRecord = (clientId: string, item: Record<string, AttributeValue>): ClientRecord => {
  const list = (name: string): string[] => (item[name]?.L ?? []).flatMap(({ S }) => S ?? []);
  return {
    clientId,
    name: item.name?.S ?? '',
    tenantId: item.tenantId?.S ?? '',
    tier: item.tier?.S ?? '',
    scopes: list('scopes') as Scope[],
    roles: list('roles') as Role[],
    // Whatever is not clearly in order gets no token.
    disabled: item.disabled?.BOOL !== false,
    secretHash: item.secretHash?.S ?? '',
  };
};
