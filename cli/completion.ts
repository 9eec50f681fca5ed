import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** One command with what may follow it. `path` is empty for the program itself. */
type Node = {
  readonly path: string;
  readonly commands: readonly Command[];
  readonly options: readonly Option[];
};

function nodesOf(command: Command, path: readonly string[] = []): Node[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  return [
    { path: path.join(' '), commands, options: help.visibleOptions(command) },
    ...commands.filter((child) => child.parent === command).flatMap((child) => nodesOf(child, [...path, child.name()])),
  ];
}

const flagsOf = (option: Option): string[] => [option.long, option.short].flatMap((flag) => (flag ? [flag] : []));

/** A script that completes commands and options, made from the commands themselves. */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = nodesOf(program);
  const globals = program.options.flatMap(flagsOf);
  if (shell === 'fish') return fish(nodes);
  const script = bash(nodes, globals);
  return shell === 'bash' ? script : `autoload -U +X bashcompinit && bashcompinit\n${script}`;
}

/** The words before the cursor that are commands name the node; what it offers is filtered by what has been typed. */
function bash(nodes: readonly Node[], globals: readonly string[]): string {
  const words = (node: Node): string =>
    [
      ...new Set([...node.commands.map((command) => command.name()), ...node.options.flatMap(flagsOf), ...globals]),
    ].join(' ');
  return `# kolate: eval "$(kolate completion bash)"
_kolate() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case "\${path:+$path }$word" in
      ${nodes
        .slice(1)
        .map(({ path }) => `'${path}'`)
        .join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  local offered=""
  case "$path" in
${nodes.map((node) => `    '${node.path}') offered='${words(node)}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}
complete -o default -F _kolate kolate
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const names = commands.map((command) => command.name()).join(' ');
    const seen = path === '' ? [] : path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    const when = [...seen, ...(names ? [`not __fish_seen_subcommand_from ${names}`] : [])].join('; and ');
    const condition = when ? ` -n ${quoted(when)}` : '';
    return [
      ...commands.map(
        (child) => `complete -c kolate -f${condition} -a ${child.name()} -d ${quoted(child.description())}`,
      ),
      ...options.flatMap((option) =>
        option.long
          ? [`complete -c kolate${condition} -l ${option.long.slice(2)} -d ${quoted(option.description)}`]
          : [],
      ),
    ];
  });
  return `# kolate: kolate completion fish > ~/.config/fish/completions/kolate.fish\n${lines.join('\n')}\n`;
}
