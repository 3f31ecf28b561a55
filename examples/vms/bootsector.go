package main

// The BIOS reads the first sector of the disk to loadAddress and jumps there, in
// 16-bit real mode, if the sector ends with 55 AA.
const (
	sectorSize  = 512
	loadAddress = 0x7C00
)

// powerOffByte, sent to the serial port, turns the machine off: "end of
// transmission", Ctrl-D.
const powerOffByte = 0x04

// bootCode says READY on the serial port COM1 and then sends back each byte that
// it receives. COM1 is the eight ports from 0x3F8 on: 0x3F8 is the data, 0x3FA the
// control of the queue, 0x3FD the status (bit 0: a byte has come, bit 5: one can
// be sent). The machine sleeps between two ticks of the timer, 18 a second: one
// that polled would keep a core of the host busy. Meanwhile the queue of the port
// takes what comes, 16 bytes; a jump is relative to the byte after it.
var bootCode = []byte{
	/* 00 */ 0xFA, //             cli
	/* 01 */ 0x31, 0xC0, //       xor ax, ax
	/* 03 */ 0x8E, 0xD8, //       mov ds, ax
	/* 05 */ 0x8E, 0xD0, //       mov ss, ax
	/* 07 */ 0xBC, 0x00, 0x7C, // mov sp, 0x7C00      ; the stack is below the code
	/* 0A */ 0xFB, //             sti
	/* 0B */ 0xFC, //             cld
	/* 0C */ 0xBA, 0xFA, 0x03, // mov dx, 0x3FA
	/* 0F */ 0xB0, 0xC1, //       mov al, 0xC1
	/* 11 */ 0xEE, //             out dx, al          ; turn the queue on, up to 14 at once
	/* 12 */ 0xBE, 0x51, 0x7C, // mov si, greeting    ; 0x7C51
	// print:
	/* 15 */ 0xAC, //             lodsb
	/* 16 */ 0x84, 0xC0, //       test al, al
	/* 18 */ 0x74, 0x05, //       jz sleep            ; 0x1F
	/* 1A */ 0xE8, 0x23, 0x00, // call send           ; 0x40
	/* 1D */ 0xEB, 0xF6, //       jmp print           ; 0x15
	// sleep:
	/* 1F */ 0xF4, //             hlt                 ; until the next tick
	// receive:
	/* 20 */ 0xBA, 0xFD, 0x03, // mov dx, 0x3FD
	/* 23 */ 0xEC, //             in al, dx
	/* 24 */ 0xA8, 0x01, //       test al, 1          ; has a byte come?
	/* 26 */ 0x74, 0xF7, //       jz sleep            ; 0x1F
	/* 28 */ 0xBA, 0xF8, 0x03, // mov dx, 0x3F8
	/* 2B */ 0xEC, //             in al, dx
	/* 2C */ 0x3C, 0x04, //       cmp al, 4           ; powerOffByte
	/* 2E */ 0x74, 0x05, //       je off              ; 0x35
	/* 30 */ 0xE8, 0x0D, 0x00, // call send           ; 0x40
	/* 33 */ 0xEB, 0xEB, //       jmp receive         ; 0x20
	// off: the power management of the machine "pc" is at port 0x600
	/* 35 */ 0xBA, 0x04, 0x06, // mov dx, 0x604
	/* 38 */ 0xB8, 0x00, 0x20, // mov ax, 0x2000
	/* 3B */ 0xEF, //             out dx, ax          ; sleep for ever: off
	// stop:
	/* 3C */ 0xFA, //             cli
	/* 3D */ 0xF4, //             hlt
	/* 3E */ 0xEB, 0xFC, //       jmp stop            ; 0x3C
	// send: sends al
	/* 40 */ 0x88, 0xC4, //       mov ah, al
	/* 42 */ 0xBA, 0xFD, 0x03, // mov dx, 0x3FD
	/* 45 */ 0xEC, //             in al, dx
	/* 46 */ 0xA8, 0x20, //       test al, 0x20       ; can one be sent?
	/* 48 */ 0x74, 0xFB, //       jz the in           ; 0x45
	/* 4A */ 0xBA, 0xF8, 0x03, // mov dx, 0x3F8
	/* 4D */ 0x88, 0xE0, //       mov al, ah
	/* 4F */ 0xEE, //             out dx, al
	/* 50 */ 0xC3, //             ret
	// greeting:
	/* 51 */ 'R', 'E', 'A', 'D', 'Y', '\r', '\n', 0,
}

// What a trouble changes.
const (
	greeting  = 0x51 // the text
	jumpToOff = 0x2E // je off, two bytes
	noOp      = 0x90
)

// bootSector is the disk of a machine.
func bootSector(t trouble) []byte {
	sector := make([]byte, sectorSize)
	copy(sector, bootCode)
	switch t {
	case neverReady:
		sector[greeting] = 0 // an empty text
	case hangs:
		sector[jumpToOff], sector[jumpToOff+1] = noOp, noOp
	}
	sector[sectorSize-2], sector[sectorSize-1] = 0x55, 0xAA
	return sector
}
