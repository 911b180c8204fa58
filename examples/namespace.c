/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * namespace: runs "id -u" as root of a user namespace of its own, with new mounts and
 * process IDs. It needs no privilege where the system allows user namespaces.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <forkexec.h>

#define NEW_USER  0x10000000 /* CLONE_NEWUSER and so on of <sched.h> */
#define NEW_MOUNT 0x00020000
#define NEW_PID   0x20000000

int main(void)
{
	char id[] = "id", u[] = "-u", *argv[] = {id, u, NULL}, text[8192];
	struct forkexec_request request = FORKEXEC_REQUEST_INIT;
	struct forkexec_id_map users = {0, getuid(), 1}, groups = {0, getgid(), 1};
	struct forkexec_result result;
	int status;

	request.path = "/usr/bin/id";
	request.argv = argv;
	request.clone_flags = NEW_USER | NEW_MOUNT | NEW_PID;
	request.flags = FORKEXEC_UID_MAP | FORKEXEC_GID_MAP;
	request.uid_map = &users;
	request.n_uid_map = 1;
	request.gid_map = &groups;
	request.n_gid_map = 1;
	if (forkexec_spawn_wait(&request, &result, &status) < 0) {
		forkexec_explain(&request, &result, text, sizeof(text));
		fprintf(stderr, "%s\n", text);
		return 1;
	}
	return status != 0;
}
